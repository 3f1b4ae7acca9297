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
