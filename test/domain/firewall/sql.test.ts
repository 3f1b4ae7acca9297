import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { screenAction } from '../../../domain/firewall/screen.ts';
import { idsOf } from '../../helpers/finding-ids.ts';
import { foundIn, reviewFlagged } from './screening.ts';

const ask = (query: string): string[] => foundIn({ service: 'db-agent', action: 'sql', payload: { query } });
const ids = (query: string): string[] => idsOf(ask(query));

/** Spellings of one statement that a database reads alike. */
const name = fc.stringMatching(/^[a-z]{3,8}$/).map((word) => `t_${word}`);
const spelt = (words: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(fc.constantFrom(' ', '\n', '\t', '/**/', ' /* x */ ', ' -- y\n'), { minLength: 8, maxLength: 8 }),
      fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
    )
    .map(([gaps, caps]) => {
      let gap = 0;
      return [...words]
        .map((char, at) =>
          char === ' ' ? (gaps[gap++ % gaps.length] ?? ' ') : caps[at % caps.length] ? char.toUpperCase() : char,
        )
        .join('');
    });

describe('SQL that destroys, grants or leaves the database, in any spelling', () => {
  const classes: [string, (table: string) => string, string][] = [
    ['a drop', (t) => `drop table ${t}`, 'sql/destructive'],
    ['a truncate', (t) => `truncate ${t} cascade`, 'sql/destructive'],
    ['a column dropped', (t) => `alter table ${t} drop column a`, 'sql/destructive'],
    ['a delete of all rows', (t) => `delete from ${t}`, 'sql/unbounded'],
    ['a tautology', (t) => `delete from ${t} where 1 = 1 or id = 3`, 'sql/unbounded'],
    ['a column compared with itself', (t) => `update ${t} set a = 1 where id = id`, 'sql/unbounded'],
    ['a delete within a CTE', (t) => `with x as (delete from ${t} returning a) select a from x`, 'sql/unbounded'],
    ['a delete that is explained', (t) => `explain analyze delete from ${t}`, 'sql/unbounded'],
    ['a delete that is prepared', (t) => `prepare p as delete from ${t}`, 'sql/unbounded'],
    ['a copy to a program', (t) => `copy ${t} to program 'x'`, 'sql/server_access'],
    ['a file read by a function', (t) => `select pg_read_file('/a') from ${t}`, 'sql/server_access'],
    ['a grant', (t) => `grant select on ${t} to public`, 'sql/privilege'],
    ['row security off', (t) => `alter table ${t} disable row level security`, 'sql/privilege'],
    ['a policy for everybody', (t) => `create policy p on ${t} using (true)`, 'sql/privilege'],
    ['code in a block', () => 'do $$ begin end $$', 'sql/dynamic'],
    ['password hashes', (t) => `select a from ${t} union select b from pg_shadow`, 'sql/secret_table'],
    ['settings of the server', () => "alter system set a = 'b'", 'sql/server_settings'],
  ];
  test.each(classes)('%s', (_, statement, id) => {
    fc.assert(
      fc.property(
        name.chain((table) => spelt(statement(table))),
        (query) => ids(query).includes(id),
      ),
      { numRuns: 25 },
    );
  });
});

test.each([
  ['a look-up', "select a, b from t where id = 4 and note like '%drop table%'"],
  ['a comment that names a drop', 'select 1 -- drop table t'],
  ['a delete by key', 'delete from t where id = 9'],
  ['an insert', "insert into t (a) values ('grant me a wish')"],
  ['a window', 'select rank() over (partition by a order by b) from t where c = 1'],
  ['an upsert', 'insert into t values (1) on conflict (a) do update set a = excluded.a'],
  ['a join sideways', 'select a.id from a left join lateral (select 1) b on true where a.id = 3'],
])('allows %s', (_, query) => {
  expect(ask(query)).toEqual([]);
});

test('SQL counts as dangerous when it does not parse or no parser is loaded, and the finding says so', () => {
  expect(ids('SELECT * FROM t INTO OUTFILE 5')).toEqual(['sql/unparsed']);
  expect(ids('select 1 /*!50000 union select 2 */ from t')).toContain('sql/version_comment');
  const action = { service: 'db', action: 'query', payload: { sql: 'select 1' } };
  const { verdict, findings } = screenAction(action, {}, reviewFlagged());
  expect(verdict).toBe('hold');
  expect(findings[0]).toMatchObject({
    id: 'sql/unparsed',
    pointer: '/sql',
    message: expect.stringContaining('No SQL parser'),
  });
});

test('prose about SQL is not judged as SQL; a statement in another service is', () => {
  expect(
    foundIn({ service: 'docs', action: 'create_note', payload: { body: 'DROP TABLE users; is how it went' } }),
  ).toEqual([]);
  expect(foundIn({ service: 'crm', action: 'run_report', payload: { filter: 'DROP TABLE leads' } })).toEqual([
    'sql/destructive /filter',
  ]);
});

test('the parameters of a rule', () => {
  const policy = reviewFlagged({
    guardrails: [{ kind: 'sql', allow_verbs: ['select'], allowed_relations: ['a'], max_statements: 2 }],
  });
  const under = (query: string): string[] =>
    idsOf(foundIn({ service: 'db', action: 'sql', payload: { query } }, {}, policy));
  expect(under('select 1 from a; select 2 from a')).toEqual([]);
  expect(under('select 1 from b')).toEqual(['sql/relation']);
  expect(under('insert into a values (1)')).toEqual(['sql/verb']);
});
