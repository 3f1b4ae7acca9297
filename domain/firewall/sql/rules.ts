import { type FindingTemplate, templatesOf } from '../finding.ts';
import { anyOf } from '../text/word-list.ts';
import { isBrokenOpen, isUnbounded } from './conditions.ts';
import { grantedBy } from './grants.ts';
import { columnsOf, functionOf, nodesOf, type SqlNode, textsOf } from './nodes.ts';
import {
  CATALOG_SCHEMAS,
  DROPPING_PREFIXES,
  LOOSENING_PREFIXES,
  ROLE_SETTINGS,
  SECRET_COLUMNS,
  SECRET_RELATIONS,
  SERVER_FUNCTION_PREFIXES,
  SETTING_FUNCTIONS,
  STATEMENT_VERBS,
  TRUSTED_LANGUAGES,
} from './words.ts';

export const template = templatesOf('sql');

const DESTROYS = template('destructive', 'high', 'This SQL destroys data or the tables that hold it.');
const UNBOUNDED = template('unbounded', 'high', 'This SQL changes every row: no condition bounds it.');
const RIGHTS = template('privilege', 'high', 'This SQL changes who may do what in the database.');
const SERVER = template(
  'server_access',
  'critical',
  'This SQL reaches outside of the database: files, programs or other servers.',
);
const DYNAMIC = template('dynamic', 'high', 'This SQL runs code that cannot be judged.');
const SECRETS = template('secret_table', 'high', 'This SQL reads the password tables of the database.');
const GRANTS = template('grants', 'medium', 'This SQL stores that somebody is an administrator.');
const BROKEN_OPEN = template(
  'broken_condition',
  'medium',
  'A condition of this SQL is always true, whatever its other half is.',
);

/** Statements that are judged by their kind alone. */
export const STATEMENT_KINDS: Readonly<Record<string, FindingTemplate>> = {
  DropStmt: DESTROYS,
  DropdbStmt: DESTROYS,
  TruncateStmt: DESTROYS,
  DropOwnedStmt: DESTROYS,
  DropTableSpaceStmt: DESTROYS,
  DropRoleStmt: RIGHTS,
  DropUserMappingStmt: RIGHTS,
  DropSubscriptionStmt: DESTROYS,
  GrantStmt: RIGHTS,
  GrantRoleStmt: RIGHTS,
  CreateRoleStmt: RIGHTS,
  AlterRoleStmt: RIGHTS,
  AlterRoleSetStmt: RIGHTS,
  AlterOwnerStmt: RIGHTS,
  ReassignOwnedStmt: RIGHTS,
  AlterDefaultPrivilegesStmt: RIGHTS,
  AlterPolicyStmt: RIGHTS,
  SecLabelStmt: RIGHTS,
  AlterSystemStmt: template(
    'server_settings',
    'critical',
    'This SQL changes the settings of the whole database server.',
  ),
  AlterDatabaseSetStmt: template('server_settings', 'high', 'This SQL changes the settings of a database.'),
  DoStmt: DYNAMIC,
  ExecuteStmt: DYNAMIC,
  LoadStmt: SERVER,
  CreateExtensionStmt: SERVER,
  AlterExtensionStmt: SERVER,
  CreateForeignServerStmt: SERVER,
  AlterForeignServerStmt: SERVER,
  CreateForeignTableStmt: SERVER,
  CreateFdwStmt: SERVER,
  CreateUserMappingStmt: SERVER,
  ImportForeignSchemaStmt: SERVER,
  CreateSubscriptionStmt: SERVER,
  AlterSubscriptionStmt: SERVER,
  CreatePLangStmt: SERVER,
  CreatePublicationStmt: SERVER,
  AlterPublicationStmt: SERVER,
  CreateTableSpaceStmt: SERVER,
  CreateEventTrigStmt: DYNAMIC,
  CreateTrigStmt: DYNAMIC,
  CreateCastStmt: DYNAMIC,
  CreateAmStmt: DYNAMIC,
  RuleStmt: DYNAMIC,
};

const SERVER_FUNCTION = new RegExp(`^${anyOf(SERVER_FUNCTION_PREFIXES)}`);
const DROPPING = new RegExp(`^${anyOf(DROPPING_PREFIXES)}`);
const LOOSENING = new RegExp(`^${anyOf(LOOSENING_PREFIXES)}`);

/** The finding of one node; undefined if it is harmless. */
export function judgeNode({ kind, body }: SqlNode, requireWhere: boolean): FindingTemplate | undefined {
  const plain = STATEMENT_KINDS[kind];
  if (plain) return plain;
  switch (kind) {
    case 'DeleteStmt':
    case 'UpdateStmt':
      if (requireWhere && isUnbounded(body['whereClause'], relationOf(body))) return UNBOUNDED;
      return kind === 'UpdateStmt' && grantedBy(kind, body) ? GRANTS : undefined;
    case 'InsertStmt':
      return grantedBy(kind, body) ? GRANTS : undefined;
    case 'SelectStmt':
      if (isBrokenOpen(body['whereClause'])) return BROKEN_OPEN;
      return joinsSecret(body) ? SECRETS : undefined;
    case 'LockStmt':
      return template('locks', 'medium', 'This SQL locks a table for all other sessions.');
    case 'RenameStmt':
      return template('renames', 'medium', 'This SQL renames an object that other programs use by its name.');
    case 'MergeStmt':
      return requireWhere && isUnbounded(body['joinCondition']) ? UNBOUNDED : undefined;
    case 'CopyStmt':
      return body['is_program'] || body['filename'] !== undefined ? SERVER : undefined;
    case 'AlterTableCmd': {
      const subtype = String(body['subtype']);
      // A type change with an expression may lose the content of the column.
      if (subtype === 'AT_AlterColumnType' && JSON.stringify(body['def'] ?? '').includes('"raw_default"'))
        return DESTROYS;
      return DROPPING.test(subtype) ? DESTROYS : LOOSENING.test(subtype) ? RIGHTS : undefined;
    }
    case 'CreatePolicyStmt':
      return body['qual'] !== undefined && isUnbounded(body['qual']) ? RIGHTS : undefined;
    case 'VariableSetStmt':
      return ROLE_SETTINGS.has(String(body['name']).toLowerCase()) ? RIGHTS : undefined;
    case 'CreateFunctionStmt':
      return isTrusted(body) ? undefined : DYNAMIC;
    case 'FuncCall': {
      const name = functionOf(body);
      if (SERVER_FUNCTION.test(name) || SERVER_FUNCTION.test(textsOf(body['funcname']).at(-1)?.toLowerCase() ?? ''))
        return SERVER;
      return SETTING_FUNCTIONS.has(name)
        ? template('settings', 'medium', 'This SQL changes a setting or stalls the server through a function.')
        : undefined;
    }
    case 'RangeVar':
      return SECRET_RELATIONS.has(String(body['relname']).toLowerCase()) ? SECRETS : undefined;
    default:
      return undefined;
  }
}

const relationOf = (body: Record<string, unknown>): string | undefined =>
  (body['relation'] as { relname?: string } | undefined)?.relname;

/** SQL injection adds foreign columns in the second part of a UNION. */
function joinsSecret(body: Record<string, unknown>): boolean {
  if (body['op'] === undefined || body['op'] === 'SETOP_NONE') return false;
  return ['larg', 'rarg'].some(
    (side) =>
      readsCatalog(body[side]) ||
      columnsOf((body[side] as Record<string, unknown> | undefined)?.['targetList']).some((name) =>
        SECRET_COLUMNS.has(name.slice(name.lastIndexOf('.') + 1)),
      ),
  );
}
const readsCatalog = (side: unknown): boolean =>
  (nodesOf((side as Record<string, unknown> | undefined)?.['fromClause']) ?? []).some(
    ({ kind, body }) => kind === 'RangeVar' && CATALOG_SCHEMAS.has(String(body['schemaname'])),
  );

function isTrusted(body: Record<string, unknown>): boolean {
  const text = JSON.stringify(body['options'] ?? []);
  const language = /"defname":"language","arg":\{"String":\{"sval":"([^"]+)"/.exec(text)?.[1]?.toLowerCase();
  return (
    language === undefined ||
    (TRUSTED_LANGUAGES.has(language) && !/"defname":"security","arg":\{"Boolean":\{"boolval":true/.test(text))
  );
}

const STATEMENT_VERB = new RegExp(`^${anyOf(STATEMENT_VERBS)}`);

/** The verb of a statement, as written in SQL. */
export function verbOf(kind: string): string {
  const name = kind.replace(/Stmt$/, '');
  return name === 'CreateTableAs' ? 'create' : (STATEMENT_VERB.exec(name)?.[0] ?? name).toLowerCase();
}
