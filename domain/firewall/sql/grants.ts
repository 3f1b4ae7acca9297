import { isAdminFlag } from '../privilege/admin-flag.ts';
import { isGranting, namesAdmin } from '../privilege/values.ts';
import { ROLE_WORDS } from '../privilege/words.ts';
import { wordsOf } from '../text/tokenizer.ts';
import { constantOf } from './nodes.ts';

type Body = Record<string, unknown>;

/** Whether an INSERT or UPDATE creates an administrator, by the name of a column and its literal value. */
export function grantedBy(kind: 'InsertStmt' | 'UpdateStmt', body: Body): boolean {
  const named = kind === 'UpdateStmt' ? targets(body['targetList']) : inserted(body);
  return named.some(([name, value]) => grants(name, value));
}

function grants(name: string, value: unknown): boolean {
  const words = wordsOf(name);
  if (isAdminFlag(words)) return isGranting(value);
  return (
    typeof value === 'string' && words.some((word) => ROLE_WORDS.has(word)) && namesAdmin(wordsOf(value.slice(0, 200)))
  );
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const bodyOf = (node: unknown, kind: string): Body | undefined => (node as Record<string, Body> | undefined)?.[kind];

const targets = (list: unknown): [string, unknown][] =>
  listOf(list).flatMap((one): [string, unknown][] => {
    const target = bodyOf(one, 'ResTarget');
    return typeof target?.['name'] === 'string' ? [[target['name'], constantOf(target['val'])]] : [];
  });

function inserted(body: Body): [string, unknown][] {
  const names = targets(body['cols']).map(([name]) => name);
  const select = bodyOf(body['selectStmt'], 'SelectStmt');
  const selected = listOf(select?.['targetList']).map((one, at): [string, unknown] => [
    names[at] ?? '',
    constantOf(bodyOf(one, 'ResTarget')?.['val']),
  ]);
  if (selected.length > 0) return selected;
  const rows = listOf(select?.['valuesLists']);
  return rows
    .slice(0, 100)
    .flatMap((row) =>
      listOf(bodyOf(row, 'List')?.['items']).map((item, at): [string, unknown] => [names[at] ?? '', constantOf(item)]),
    );
}
