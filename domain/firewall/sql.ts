/** A parsed SQL statement, read without recursion: its nodes by kind, and what stands in them. */
export interface SqlNode {
  kind: string;
  body: Record<string, unknown>;
}

const MAX_NODES = 20_000;

/** Every node of a tree whose objects are keyed by the kind of what they hold; undefined when there are too many. */
export function nodesOf(tree: unknown): SqlNode[] | undefined {
  const nodes: SqlNode[] = [];
  const stack: unknown[] = [tree];
  for (let count = 0; stack.length > 0; count += 1) {
    if (count > MAX_NODES) return undefined;
    const value = stack.pop();
    if (Array.isArray(value)) {
      for (const item of value) stack.push(item);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (typeof inner === 'object' && inner !== null) {
          if (/^[A-Z]/.test(key)) nodes.push({ kind: key, body: inner as Record<string, unknown> });
          else if (RELATIONS.has(key) && !Array.isArray(inner))
            nodes.push({ kind: 'RangeVar', body: inner as Record<string, unknown> });
          stack.push(inner);
        }
      }
    }
  }
  return nodes;
}

/** Members that hold a table without naming its kind. */
const RELATIONS = new Set(['relation', 'rel', 'table', 'view']);

const texts = (value: unknown): string[] =>
  (nodesOf(value) ?? []).flatMap(({ kind, body }) =>
    kind === 'String' && typeof body['sval'] === 'string' ? [body['sval']] : [],
  );

/** The name of the function that a FuncCall calls, without its schema. */
export const functionOf = (body: Record<string, unknown>): string => texts(body['funcname']).at(0)?.toLowerCase() ?? '';

/** Whether a condition bounds nothing: it is absent, reads no column, compares a column with itself, or one side of an OR does so. */
export function isUnbounded(condition: unknown, depth = 0): boolean {
  if (condition === undefined || condition === null || depth > 50) return true;
  const [kind, body] = (Object.entries(condition)[0] ?? ['', {}]) as [string, Record<string, unknown>];
  if (kind === 'BoolExpr') {
    const parts = Array.isArray(body['args']) ? body['args'] : [];
    if (body['boolop'] === 'OR_EXPR') return parts.some((part) => isUnbounded(part, depth + 1));
    if (body['boolop'] === 'AND_EXPR') return parts.every((part) => isUnbounded(part, depth + 1));
  }
  if (kind === 'A_Expr') {
    const left = columnsOf(body['lexpr']);
    const right = columnsOf(body['rexpr']);
    const operator = texts(body['name'])[0];
    if (
      left.length > 0 &&
      left.join() === right.join() &&
      ['=', '<=', '>='].includes(operator ?? '') &&
      isColumn(body['lexpr']) &&
      isColumn(body['rexpr'])
    )
      return true;
    if (
      (body['kind'] === 'AEXPR_LIKE' || body['kind'] === 'AEXPR_ILIKE') &&
      /^%+$/.test(constantOf(body['rexpr']) ?? '')
    )
      return true;
  }
  return columnsOf(condition).length === 0;
}

const isColumn = (value: unknown): boolean => typeof value === 'object' && value !== null && 'ColumnRef' in value;

const columnsOf = (value: unknown): string[] =>
  (nodesOf(value) ?? [])
    .filter(({ kind }) => kind === 'ColumnRef')
    .map(({ body }) => texts(body['fields']).join('.').toLowerCase());

function constantOf(value: unknown): string | undefined {
  const constant = (value as { A_Const?: { sval?: { sval?: unknown } } } | undefined)?.A_Const?.sval?.sval;
  return typeof constant === 'string' ? constant : undefined;
}
