import type { Exercise } from './exercise.ts';
import { executes, prevents, reports } from './exercise.ts';

const PARTS: Record<string, string> = {
  AT_Drop: 'drop column c',
  AT_DetachPartition: 'detach partition p',
  AT_DisableRowSecurity: 'disable row level security',
  AT_NoForceRowSecurity: 'no force row level security',
  AT_DisableTrig: 'disable trigger x',
  AT_DisableRule: 'disable rule x',
  AT_ChangeOwner: 'owner to x',
};
const alters = (part: string): string => `alter table t ${PARTS[part] ?? 'add column c int'}`;
/** No statement by its start: it is judged because of where it stands. */
const HIDDEN = 'begin; drop table x';

/** A statement of each verb; the rule lists that verb alone. */
const STATEMENTS: Record<string, string> = {
  Select: 'select 1',
  Insert: 'insert into t values (1)',
  Update: 'update t set a = 1 where b = 2',
  Delete: 'delete from t where b = 2',
  Merge: 'merge into t using u on t.a = u.a when matched then delete',
  Explain: 'explain select 1',
  Copy: 'copy t to stdout',
  Truncate: 'truncate t',
  Drop: 'drop table t',
  Alter: 'alter table t add column c int',
  Grant: 'grant select on t to x',
  Create: 'create table t (a int)',
  Call: 'call f()',
  Do: "do 'x'",
  Prepare: 'prepare p as select 1',
  Execute: 'execute p',
};

/** A statement of each kind that names all its tables. */
const BOUNDED: Record<string, string> = {
  SelectStmt: 'select a from t',
  InsertStmt: 'insert into t values (1)',
  UpdateStmt: 'update t set a = 1 where b = 2',
  DeleteStmt: 'delete from t where b = 2',
  MergeStmt: 'merge into t using t on t.a = t.b when matched then delete',
  ExplainStmt: 'explain select 1',
  CopyStmt: 'copy t to stdout',
  PrepareStmt: 'prepare p as select 1',
  DeclareCursorStmt: 'declare c cursor for select 1',
  CreateTableAsStmt: 'create table t as select 1',
  CreateStmt: 'create table t (a int)',
  ViewStmt: 'create view t as select 1',
  IndexStmt: 'create index on t (a)',
  AlterTableStmt: 'alter table t add column c int',
  RenameStmt: 'alter table t rename to t',
  RefreshMatViewStmt: 'refresh materialized view t',
  LockStmt: 'lock table t',
  VacuumStmt: 'vacuum t',
  TransactionStmt: 'begin',
};
const ONLY_T = { policy: { guardrails: [{ kind: 'sql' as const, allowed_relations: ['t'] }] } };

export const SQL: Record<string, Exercise> = {
  BOUNDED_STATEMENTS: prevents('sql/relation', (kind) => ({ sql: BOUNDED[kind] ?? 'call f()' }), ONLY_T),
  CATALOG_READING_TYPES: reports('sql/relation', (type) => ({ sql: `select 'x'::${type} from t` }), ONLY_T),
  PURE_FUNCTIONS: prevents('sql/relation', (name) => ({ sql: `select pg_catalog."${name}"(a) from t` }), ONLY_T),
  STATEMENT_VERBS: prevents(
    'sql/verb',
    (verb) => ({ sql: STATEMENTS[verb] ?? 'vacuum t' }),
    (verb) => ({ policy: { guardrails: [{ kind: 'sql', allow_verbs: [verb] }] } }),
  ),
  SERVER_FUNCTION_PREFIXES: executes('server_access', (prefix) => `select ${prefix}x(1)`),
  SETTING_FUNCTIONS: executes('settings', (name) => `select ${name}(1)`),
  SECRET_RELATIONS: executes('secret_table', (name) => `select * from "${name}"`),
  ROLE_SETTINGS: executes('privilege', (name) => `set ${name} = 'x'`),
  DROPPING_PREFIXES: executes('destructive', alters),
  LOOSENING_PREFIXES: executes('privilege', alters),
  TRUSTED_LANGUAGES: prevents('sql/dynamic', (language) => ({
    sql: `create function f() returns int language ${language} as 'select 1'`,
  })),
  SECRET_COLUMNS: executes('secret_table', (column) => `select a from t union select ${column} from u`),
  CATALOG_SCHEMAS: executes('secret_table', (schema) => `select a from t union select b from ${schema}.x`),
  KEY_COLUMNS: executes('unbounded', (column) => `delete from t where ${column} > 0`),
  SQL_KEYS: reports('sql/destructive', (key) => ({ [key]: HIDDEN }), { service: 'database' }),
  DATABASE_WORDS: reports(
    'sql/destructive',
    () => ({ query: HIDDEN }),
    (word) => ({ service: word }),
  ),
  PROSE_KEYS: prevents('sql/destructive', (key) => ({ [key]: 'drop table users' })),
};
