import { anyOf } from '../text/word-list.ts';
import { columnsOf, constantOf, nodesOf, textsOf } from './nodes.ts';
import { KEY_COLUMNS } from './words.ts';

type Body = Record<string, unknown>;

/** Key columns, which every row has and which count up from one. */
const KEY = new RegExp(`^(?:.*\\.)?${anyOf(KEY_COLUMNS)}$`);

/**
 * Whether a condition excludes no row: it is absent, reads no column, compares a column with itself, is true for every key, or one
 * side of an OR is such a condition. `table` is the changed table: membership in all of its own rows excludes nothing.
 */
export function isUnbounded(condition: unknown, table?: string, depth = 0): boolean {
  if (condition === undefined || condition === null || depth > 50) return true;
  const [kind, body] = (Object.entries(condition)[0] ?? ['', {}]) as [string, Body];
  if (kind === 'BoolExpr') {
    const parts: unknown[] = Array.isArray(body['args']) ? body['args'] : [];
    const inner = (part: unknown): boolean => isUnbounded(part, table, depth + 1);
    if (body['boolop'] === 'OR_EXPR') return parts.some(inner) || coversAll(parts);
    if (body['boolop'] === 'AND_EXPR') return parts.every(inner);
  }
  if (kind === 'A_Expr' && everyRow(body)) return true;
  if (kind === 'NullTest' && body['nulltesttype'] === 'IS_NOT_NULL' && isKey(body['arg'])) return true;
  if (kind === 'SubLink' && table !== undefined && readsAllOf(body['subselect'], table)) return true;
  return columnsOf(condition).length === 0;
}

/** A comparison that is true for every row: a column with itself, a pattern that matches everything, a key above a minimum. */
function everyRow(body: Body): boolean {
  const left = columnsOf(body['lexpr']);
  const right = columnsOf(body['rexpr']);
  const operator = textsOf(body['name'])[0] ?? '';
  const constant = constantOf(body['rexpr']);
  if (isColumn(body['lexpr']) && isColumn(body['rexpr']))
    return left.length > 0 && left.join() === right.join() && ['=', '<=', '>='].includes(operator);
  if (body['kind'] === 'AEXPR_LIKE' || body['kind'] === 'AEXPR_ILIKE')
    return typeof constant === 'string' && /^%+$/.test(constant);
  if (operator === '~' || operator === '~*') return typeof constant === 'string' && /^\^?(?:\.\*)?\$?$/.test(constant);
  if (!isKey(body['lexpr'])) return false;
  if (body['kind'] === 'AEXPR_BETWEEN') {
    const [from, to] = ((body['rexpr'] as { List?: { items?: unknown[] } } | undefined)?.List?.items ?? []).map(
      constantOf,
    );
    return typeof from === 'number' && typeof to === 'number' && from <= 1 && to >= 1e6;
  }
  if (typeof constant !== 'number') return operator === '<>' && constant !== undefined;
  return (
    ((operator === '>' || operator === '>=') && constant <= 1) ||
    ((operator === '<' || operator === '<=') && constant >= 1e6) ||
    operator === '<>'
  );
}

/** An OR whose two sides together exclude no row: `a = 1 OR a <> 1`, `a IS NULL OR a IS NOT NULL`. */
function coversAll(parts: readonly unknown[]): boolean {
  const seen = parts.map((part) => {
    const [kind, body] = (Object.entries(part ?? {})[0] ?? ['', {}]) as [string, Body];
    if (kind === 'NullTest') return { of: columnsOf(body['arg']).join(), says: String(body['nulltesttype']) };
    const constant = constantOf(body['rexpr']);
    const says = textsOf(body['name'])[0] ?? '';
    return { of: constant === undefined ? '' : `${columnsOf(body['lexpr']).join()} ${constant}`, says };
  });
  return seen.some(({ of, says }) => {
    const opposite = OPPOSITES[says];
    return (
      of !== '' && opposite !== undefined && seen.some((other) => other.of === of && opposite.includes(other.says))
    );
  });
}

const OPPOSITES: Record<string, readonly string[]> = {
  IS_NULL: ['IS_NOT_NULL'],
  '=': ['<>'],
  '<': ['>='],
  '>': ['<='],
};

/** Whether a sub-select returns every row of a table. */
function readsAllOf(select: unknown, table: string): boolean {
  const body = (select as { SelectStmt?: Body } | undefined)?.SelectStmt;
  if (!body || body['limitCount'] !== undefined) return false;
  const from = (nodesOf(body['fromClause']) ?? []).filter(({ kind }) => kind === 'RangeVar');
  return from.length === 1 && from[0]?.body['relname'] === table && isUnbounded(body['whereClause']);
}

/** Whether a constant on one side of an OR disables the other side, which is typical of SQL injection. */
export function isBrokenOpen(condition: unknown): boolean {
  const body = (condition as { BoolExpr?: Body } | undefined)?.BoolExpr;
  if (body?.['boolop'] !== 'OR_EXPR' || !Array.isArray(body['args'])) return false;
  const fixed = (part: unknown): boolean =>
    (nodesOf([part]) ?? []).every(({ kind }) => kind === 'A_Expr' || kind === 'A_Const' || kind === 'String');
  return body['args'].some(fixed) && !body['args'].every(fixed);
}

const isColumn = (value: unknown): boolean => typeof value === 'object' && value !== null && 'ColumnRef' in value;
const isKey = (value: unknown): boolean => isColumn(value) && KEY.test(columnsOf(value)[0] ?? '');
