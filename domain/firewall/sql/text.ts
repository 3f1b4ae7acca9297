import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { FindingTemplate } from '../finding.ts';
import { nodesOf, type SqlNode, textsOf } from './nodes.ts';
import { relationFindings } from './relations.ts';
import { judgeNode, template, verbOf } from './rules.ts';

const UNPARSED = template(
  'unparsed',
  'high',
  'This SQL does not parse as PostgreSQL, so what it does is not known. It counts as dangerous.',
);

/** Judges a SQL text statement by statement, including all parts. */
export function judgeSql(
  text: string,
  parse: (text: string) => unknown,
  rule: Omit<RuleOf<'sql'>, 'kind'>,
  add: (found: FindingTemplate) => void,
): void {
  // MySQL runs the content of such a comment; PostgreSQL and its parser do not.
  if (/\/\*[!M]/.test(text))
    add(template('version_comment', 'high', 'A comment that MySQL executes hides a statement.'));
  let statements: unknown[];
  try {
    const tree = parse(text) as { stmts?: unknown[] };
    statements = (tree.stmts ?? []).map((one) => (one as { stmt?: unknown }).stmt);
  } catch {
    add(UNPARSED);
    return;
  }
  const kinds = statements.map((statement) => Object.keys((statement ?? {}) as object)[0] ?? '');
  if (kinds.filter((kind) => kind !== 'TransactionStmt').length > (rule.max_statements ?? 1)) {
    add(template('stacked', 'medium', 'This text contains several statements.'));
  }
  const nodes = nodesOf(statements);
  if (!nodes) {
    add(template('unparsed', 'high', 'This SQL has more parts than are read. It counts as dangerous.'));
    return;
  }
  if (rule.allow_verbs) {
    for (const verb of verbsOf(kinds, nodes))
      if (!rule.allow_verbs.some((one) => one.toLowerCase() === verb))
        add(template('verb', 'medium', `The policy does not list the verb ${verb}.`));
  }
  if (rule.allowed_relations)
    for (const found of relationFindings(statements, nodes, rule.allowed_relations)) add(found);
  for (const inner of bodiesOf(nodes)) judgeSql(inner, parse, { ...rule, max_statements: MOST_INNER }, add);
  for (const node of nodes) {
    const found = judgeNode(node, rule.require_where ?? true);
    if (found) add(found);
  }
}

/** The verbs of the statements, and of the parts that change something: a SELECT can contain a DELETE, and write a table. */
const verbsOf = (kinds: readonly string[], nodes: readonly SqlNode[]): Set<string> =>
  new Set([
    ...kinds.filter((kind) => kind !== 'TransactionStmt').map(verbOf),
    ...nodes.flatMap(({ kind, body }) =>
      CHANGES.has(kind) ? [verbOf(kind)] : kind === 'SelectStmt' && body['intoClause'] !== undefined ? ['create'] : [],
    ),
  ]);

const CHANGES = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

const MOST_INNER = 50;

/** The bodies of functions written in SQL: their statements run when somebody calls them. */
const bodiesOf = (nodes: readonly SqlNode[]): string[] =>
  nodes.flatMap(({ kind, body }) => {
    if (kind !== 'CreateFunctionStmt') return [];
    const options = nodesOf(body['options']) ?? [];
    const optionOf = (name: string): unknown =>
      options.find((one) => one.kind === 'DefElem' && one.body['defname'] === name)?.body['arg'];
    return textsOf([optionOf('language')])[0]?.toLowerCase() === 'sql' ? textsOf([optionOf('as')]).slice(0, 1) : [];
  });
