import { words } from '../text/word-list.ts';

/** Prefixes of functions with access outside the database. */
export const SERVER_FUNCTION_PREFIXES = words(
  'pg_read_ pg_ls_ pg_stat_file pg_write pg_file_ pg_logdir lo_import lo_export lo_from_bytea lo_put lo_create lo_unlink dblink pg_execute pg_reload_conf pg_rotate_logfile pg_terminate_backend pg_cancel_backend pg_create_restore pg_switch_wal pg_promote load_file load_extension sys_exec sys_eval xp_ sp_oa sp_execute sp_configure query_to_xml database_to_xml table_to_xml cursor_to_xml http_ urlencode_exec utl_http utl_file dbms_ copy_program openrowset openquery opendatasource',
);

/** Functions that change a setting or stall the server. */
export const SETTING_FUNCTIONS = words(
  'set_config set_role pg_sleep pg_sleep_for pg_sleep_until setval sleep benchmark',
);

/** Tables with passwords and logins. */
export const SECRET_RELATIONS = words(
  'pg_shadow pg_authid pg_auth_members pg_user_mapping pg_user_mappings pg_hba_file_rules pg_largeobject pg_subscription pg_foreign_server sysuser sysusers sys_user sys_users sysuser$ sysusers$ sys_user$ sys_users$ sql_logins syslogins dba_users user$',
);

/** Settings that change the identity or the rights of a session. */
export const ROLE_SETTINGS = words(
  'role session_authorization row_security session_replication_role default_transaction_read_only transaction_read_only search_path',
);

/** Prefixes of ALTER TABLE parts that lose data. */
export const DROPPING_PREFIXES = words('AT_Drop AT_DetachPartition');

/** Prefixes of ALTER TABLE parts that disable a protection or change the owner. */
export const LOOSENING_PREFIXES = words(
  'AT_DisableRowSecurity AT_NoForceRowSecurity AT_DisableTrig AT_DisableRule AT_ChangeOwner',
);

/** Languages in which a function has only the rights of its caller. */
export const TRUSTED_LANGUAGES = words('sql plpgsql');

/** Columns that must not appear in the second part of a UNION. */
export const SECRET_COLUMNS = words(
  'password passwd pwd passphrase secret token passwordhash passworddigest passwordsalt password_hash password_digest password_salt pwdhash pwddigest pwdsalt pwd_hash pwd_digest pwd_salt passwdhash passwddigest passwdsalt passwd_hash passwd_digest passwd_salt hashed_password apikey api_key secretkey secret_key privatekey private_key accesskey access_key accesstoken access_token refreshtoken refresh_token authtoken auth_token sessiontoken session_token clientsecret client_secret otpsecret otp_secret ssn cardnumber card_number cvv',
);

/** Schemas that describe the database itself. */
export const CATALOG_SCHEMAS = words('information_schema pg_catalog mysql sys');

/** Columns that every row has and that count up from one. */
export const KEY_COLUMNS = words('id uuid uid guid pk oid ctid rowid');

/** Words of keys whose value is a statement when the action works on a database. */
export const SQL_KEYS = words('sql query queries statement statements stmt ddl dml select');

/** Words of actions that work on a database. */
export const DATABASE_WORDS = words(
  'sql db database postgres postgresql pg mysql sqlite mssql snowflake bigquery redshift warehouse psql sqlserver mariadb oracle',
);

/** Words of keys whose value may mention a statement. */
export const PROSE_KEYS = words(
  'body text message content title description subject note notes comment summary reason prompt',
);

/** Prefixes of the kinds of statements that share a verb. */
export const STATEMENT_VERBS = words(
  'Select Insert Update Delete Merge Explain Copy Truncate Drop Alter Grant Create Call Do Prepare Execute',
);

/** Kinds of statements that name every table that they read or change. */
export const BOUNDED_STATEMENTS = words(
  'SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt ExplainStmt CopyStmt PrepareStmt DeclareCursorStmt CreateTableAsStmt CreateStmt ViewStmt IndexStmt AlterTableStmt RenameStmt RefreshMatViewStmt LockStmt VacuumStmt TransactionStmt',
);

/** Types whose input is a name that the database looks up. */
export const CATALOG_READING_TYPES = words(
  'regclass regproc regprocedure regoper regoperator regtype regrole regnamespace',
);

/** Functions of PostgreSQL that read nothing but their arguments, the clock and the session. */
export const PURE_FUNCTIONS = words(
  `count sum avg min max stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_slope regr_intercept
  regr_r2 mode percentile_cont percentile_disc array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and
  bool_or every bit_and bit_or any_value grouping row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value
  last_value nth_value abs ceil ceiling floor round trunc sign mod div power sqrt cbrt exp ln log log10 pi random greatest least
  width_bucket sin cos tan asin acos atan atan2 degrees radians length char_length character_length octet_length bit_length lower
  upper initcap trim btrim ltrim rtrim lpad rpad left right substr substring position strpos split_part replace overlay translate
  reverse repeat concat concat_ws format chr ascii md5 sha224 sha256 sha384 sha512 encode decode quote_literal quote_ident
  starts_with regexp_replace regexp_match regexp_matches regexp_split_to_array regexp_split_to_table regexp_substr regexp_count
  regexp_instr regexp_like to_char to_date to_number to_timestamp to_hex like_escape similar_to_escape unaccent now
  clock_timestamp statement_timestamp transaction_timestamp timeofday age date_trunc date_part date_bin extract make_date
  make_time make_timestamp make_timestamptz make_interval justify_days justify_hours justify_interval isfinite timezone overlaps
  coalesce nullif generate_series generate_subscripts unnest array_length array_append array_prepend array_cat array_remove
  array_replace array_position array_positions array_to_string string_to_array string_to_table array_dims array_ndims array_lower
  array_upper cardinality to_json to_jsonb row_to_json array_to_json json_build_object jsonb_build_object json_build_array
  jsonb_build_array json_object jsonb_object json_array_elements jsonb_array_elements json_array_elements_text
  jsonb_array_elements_text json_array_length jsonb_array_length json_each jsonb_each json_each_text jsonb_each_text
  json_object_keys jsonb_object_keys json_extract_path jsonb_extract_path json_extract_path_text jsonb_extract_path_text
  json_typeof jsonb_typeof jsonb_set jsonb_insert jsonb_pretty jsonb_strip_nulls json_strip_nulls jsonb_path_exists
  jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first to_tsvector to_tsquery plainto_tsquery
  phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline similarity word_similarity levenshtein soundex
  gen_random_uuid uuid_generate_v4 lower_inf upper_inf isempty int4range int8range numrange tsrange tstzrange daterange host
  family masklen network`,
);
