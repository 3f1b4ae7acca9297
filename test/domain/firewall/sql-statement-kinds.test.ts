import { expect, test } from 'vitest';
import { STATEMENT_KINDS } from '../../../domain/firewall/sql/rules.ts';
import { found, parsers } from './screening.ts';

const STATEMENTS: Record<string, string> = {
  DropStmt: 'drop table t',
  DropdbStmt: 'drop database d',
  TruncateStmt: 'truncate t',
  DropOwnedStmt: 'drop owned by u',
  DropTableSpaceStmt: 'drop tablespace s',
  DropRoleStmt: 'drop role u',
  DropUserMappingStmt: 'drop user mapping for u server s',
  DropSubscriptionStmt: 'drop subscription s',
  GrantStmt: 'grant select on t to u',
  GrantRoleStmt: 'grant r to u',
  CreateRoleStmt: 'create role u',
  AlterRoleStmt: 'alter role u superuser',
  AlterRoleSetStmt: "alter role u set search_path = 'x'",
  AlterOwnerStmt: 'alter schema s owner to u',
  ReassignOwnedStmt: 'reassign owned by u to v',
  AlterDefaultPrivilegesStmt: 'alter default privileges grant select on tables to u',
  AlterPolicyStmt: 'alter policy p on t using (a = 1)',
  SecLabelStmt: "security label on table t is 'x'",
  AlterSystemStmt: "alter system set a = 'x'",
  AlterDatabaseSetStmt: "alter database d set a = 'x'",
  DoStmt: "do 'begin end'",
  ExecuteStmt: 'execute p',
  LoadStmt: "load 'x'",
  CreateExtensionStmt: 'create extension x',
  AlterExtensionStmt: 'alter extension x update',
  CreateForeignServerStmt: 'create server s foreign data wrapper w',
  AlterForeignServerStmt: "alter server s version '2'",
  CreateForeignTableStmt: 'create foreign table t (a int) server s',
  CreateFdwStmt: 'create foreign data wrapper w',
  CreateUserMappingStmt: 'create user mapping for u server s',
  ImportForeignSchemaStmt: 'import foreign schema s from server x into y',
  CreateSubscriptionStmt: "create subscription s connection 'x' publication p",
  AlterSubscriptionStmt: 'alter subscription s enable',
  CreatePLangStmt: 'create language l handler h',
  CreatePublicationStmt: 'create publication p for all tables',
  AlterPublicationStmt: 'alter publication p add table t',
  CreateTableSpaceStmt: "create tablespace s location '/x'",
  CreateEventTrigStmt: 'create event trigger e on ddl_command_start execute function f()',
  CreateTrigStmt: 'create trigger g before insert on t for each row execute function f()',
  CreateCastStmt: 'create cast (a as b) with function f(a)',
  CreateAmStmt: 'create access method m type index handler h',
  RuleStmt: 'create rule r as on select to t do instead select 1',
};

test.each(Object.entries(STATEMENT_KINDS))('%s is held by its kind alone', (kind, { id }) => {
  const sql = STATEMENTS[kind] ?? expect.fail(`no statement for ${kind}`);
  const tree = parsers.sql!(sql) as { stmts: { stmt: object }[] };
  expect(Object.keys(tree.stmts[0]!.stmt)).toEqual([kind]);
  expect(found({ sql })).toContain(`${id} /sql`);
});
