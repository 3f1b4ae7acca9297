/** Reads a parsed SQL statement without recursion: its nodes by kind, and their contents. */
export interface SqlNode {
  kind: string;
  body: Record<string, unknown>;
}

const MAX_NODES = 20_000;

/** All nodes of a tree whose objects are keyed by kind; undefined if there are too many. */
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

/** Members that contain a table without its kind. */
const RELATIONS = new Set(['relation', 'rel', 'table', 'view']);

/** The strings of a part of a tree; for a list in the order of the text. */
export const textsOf = (value: unknown): string[] =>
  (nodesOf(value) ?? []).flatMap(({ kind, body }) =>
    kind === 'String' && typeof body['sval'] === 'string' ? [body['sval']] : [],
  );

/** The name of the function that a FuncCall calls, without its schema. */
export const functionOf = (body: Record<string, unknown>): string =>
  textsOf(body['funcname']).at(0)?.toLowerCase() ?? '';

/** The columns that a part of a tree reads, as written, in lower case. */
export const columnsOf = (value: unknown): string[] =>
  (nodesOf(value) ?? [])
    .filter(({ kind }) => kind === 'ColumnRef')
    // The traversal reaches the parts of a name in reverse order.
    .map(({ body }) => textsOf(body['fields']).reverse().join('.').toLowerCase());

/** The value of a literal: text, integer or boolean. */
export function constantOf(value: unknown): string | number | boolean | undefined {
  const constant = (value as { A_Const?: Record<string, unknown> } | undefined)?.A_Const;
  if (!constant) return undefined;
  const member = (name: string, inner: string): unknown =>
    (constant[name] as Record<string, unknown> | undefined)?.[inner];
  const text = member('sval', 'sval');
  if (typeof text === 'string') return text;
  // The parser omits zero and false.
  if ('ival' in constant) return Number(member('ival', 'ival') ?? 0);
  if ('fval' in constant) return Number(member('fval', 'fval'));
  return 'boolval' in constant ? member('boolval', 'boolval') === true : undefined;
}
