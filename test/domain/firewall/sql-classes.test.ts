import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idsOf } from '../../helpers/finding-ids.ts';
import { foundIn } from './screening.ts';

const ids = (query: string): string[] => [
  ...new Set(idsOf(foundIn({ service: 'db', action: 'sql', payload: { query } }, { untrusted: false }))),
];

test('a condition that is true for every row does not bound a statement', () => {
  const key = fc.constantFrom('id', 'users.id', 'u.id', 'uuid', '"id"');
  const always = fc.oneof(
    key.map((one) => `${one} is not null`),
    key.map((one) => `${one} > 0`),
    key.map((one) => `${one} >= 1`),
    key.map((one) => `${one} <> -1`),
    key.map((one) => `${one} <> 'x'`),
    key.map((one) => `${one} between 0 and 999999999`),
    key.map((one) => `${one} < 999999999`),
    fc.constantFrom(
      'a = 1 or a <> 1',
      'a is null or a is not null',
      'a < 5 or a >= 5',
      "name ~ '.*'",
      "name ilike '%%'",
      'id in (select id from users)',
      'not false',
      "'a' = 'a'",
      'a = 1 or 1 = 1',
    ),
  );
  const change = fc.constantFrom<(where: string) => string>(
    (where) => `delete from users u where ${where}`,
    (where) => `update users u set a = 1 where ${where}`,
    (where) => `with d as (delete from users u where ${where} returning 1) select 1 from d`,
    (where) => `explain analyze delete from users u where (${where}) and true`,
  );
  fc.assert(
    fc.property(always, change, (where, wrap) => ids(wrap(where)).includes('sql/unbounded')),
    { numRuns: 200 },
  );
});

test('a condition that excludes rows bounds it', () => {
  const bound = fc.constantFrom(
    'id = 4',
    'id > 100',
    'id between 4 and 9',
    'id in (1, 2)',
    'finished_at is not null',
    'a <> 1',
    "name ~ '^a'",
    'id in (select user_id from stale)',
    'id in (select id from users where gone)',
    'a = 1 or a = 2',
    'a is null',
    'id <> 4 and a = 1',
    'done',
    'not kept',
  );
  fc.assert(
    fc.property(bound, (where) => {
      expect(ids(`delete from users where ${where}`)).toEqual([]);
    }),
  );
});

test.each<[string, string[]]>([
  [
    'grants',
    [
      "update users set role = 'admin' where id = 4",
      'update users set is_super_user = true where id = 4',
      "insert into users (name, role) values ('x', 'owner')",
      "insert into user_roles (user_id, role) select 4, 'administrator'",
    ],
  ],
  ['broken_condition', ["select * from t where name = 'x' or 1 = 1", "select * from t where a = 1 or 'x' = 'x'"]],
  [
    'secret_table',
    [
      'select a from t union select password from users',
      'select a from t union all select api_key from k',
      'select a from t union select table_name from information_schema.tables',
    ],
  ],
  ['unbounded', ['create function f() returns void language sql as $$ delete from t $$']],
  ['dynamic', ['create trigger x after insert on t execute function f()']],
  [
    'server_access',
    [
      'create publication p for all tables',
      "select * from openrowset('a', 'b')",
      "select utl_http.request('x') from dual",
      "create tablespace s location '/x'",
    ],
  ],
  ['destructive', ['alter table t alter column a type int using 0']],
  ['locks', ['lock table t in access exclusive mode']],
  ['renames', ['alter table t rename to u']],
])('%s', (id, queries) => {
  for (const query of queries) expect([query, ids(query)]).toEqual([query, expect.arrayContaining([`sql/${id}`])]);
});

test.each([
  "update users set role = 'viewer' where id = 4",
  'update users set is_admin = false where id = 4',
  "insert into users (name, role) values ('admin', 'member')",
  'select id from t where ($1::int is null or a = $1)',
  'select id from t where a = 1 or b is null',
  'select a from t union select b from u',
  'select password_changed_at from users where id = 1',
  'create function f(a int) returns int language sql as $$ select a + 1 $$',
  'alter table t alter column a type bigint',
])('allows %s', (query) => {
  expect(ids(query)).toEqual([]);
});
