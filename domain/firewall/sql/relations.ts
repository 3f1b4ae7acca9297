import type { FindingTemplate } from '../finding.ts';
import { type SqlNode, textsOf } from './nodes.ts';
import { template } from './rules.ts';
import { BOUNDED_STATEMENTS, CATALOG_READING_TYPES, PURE_FUNCTIONS } from './words.ts';

type Body = Readonly<Record<string, unknown>>;

const UNLISTED = template('relation', 'medium', 'The policy does not list a table that this names.');
const UNBOUNDED = template(
  'relation',
  'medium',
  'This SQL may read tables that it does not name, so the policy cannot limit it to its list.',
);

/**
 * What a list of tables does not allow: a table outside it, and what can reach a table without its name (an unknown function,
 * a statement of another kind). A name of WITH stands for a table only where it is in scope and without a schema.
 */
export function relationFindings(
  statements: readonly unknown[],
  nodes: readonly SqlNode[],
  allowed: readonly string[],
): FindingTemplate[] {
  const found: FindingTemplate[] = [];
  if (tablesOf(statements).some((one) => !isListed(one, allowed))) found.push(UNLISTED);
  const unbounded =
    statements.some((one) => !BOUNDED_STATEMENTS.has(Object.keys((one ?? {}) as object)[0] ?? '')) ||
    nodes.some(
      ({ kind, body }) => (kind === 'FuncCall' && !isPure(body)) || (kind === 'TypeCast' && readsCatalog(body)),
    );
  if (unbounded && found.length === 0) found.push(UNBOUNDED);
  return found;
}

/** The parser writes names as the database compares them: in lower case unless they were quoted. */
const isListed = (name: string, allowed: readonly string[]): boolean =>
  allowed.some((one) => one === name || one.toLowerCase() === name);

function isPure(body: Body): boolean {
  const [name = '', schema] = textsOf(body['funcname']);
  return PURE_FUNCTIONS.has(name) && (schema === undefined || schema === 'pg_catalog');
}

const readsCatalog = (body: Body): boolean =>
  textsOf((body['typeName'] as Body | undefined)?.['names']).some((name) => CATALOG_READING_TYPES.has(name));

interface Visit {
  readonly value: unknown;
  /** Names of WITH that stand for a table here. */
  readonly named: ReadonlySet<string>;
  /** Whether it is the table that a statement changes: WITH never stands for that one. */
  readonly isTarget?: boolean;
}

/** The members of a statement that hold the table that it changes. */
const TARGETS = new Set(['relation']);
const CHANGING = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/** Every table that the statements name, with its schema as written. */
function tablesOf(statements: readonly unknown[]): string[] {
  const tables: string[] = [];
  const stack: Visit[] = [{ value: statements, named: new Set() }];
  for (let visit = stack.pop(); visit; visit = stack.pop()) {
    const { value, named, isTarget = false } = visit;
    if (Array.isArray(value)) for (const item of value) stack.push({ value: item, named });
    else if (typeof value === 'object' && value !== null) {
      const body = value as Body;
      if (typeof body['relname'] === 'string') {
        const parts = [body['catalogname'], body['schemaname'], body['relname']].filter((one) => one !== undefined);
        if (isTarget || parts.length > 1 || !named.has(body['relname'])) tables.push(parts.join('.'));
        continue;
      }
      const here = withNames(body, named, stack);
      for (const [key, inner] of Object.entries(body)) {
        // The tables of FOR UPDATE are those of FROM, by their alias.
        if (key === 'withClause' || key === 'lockedRels') continue;
        if (CHANGING.has(key)) pushChange(inner as Body, here, stack);
        else stack.push({ value: inner, named: here });
      }
    }
  }
  return tables;
}

function pushChange(statement: Body, named: ReadonlySet<string>, stack: Visit[]): void {
  const here = withNames(statement, named, stack);
  for (const [key, inner] of Object.entries(statement))
    if (key !== 'withClause') stack.push({ value: inner, named: here, isTarget: TARGETS.has(key) });
}

/** The names in scope of a statement, with those of its WITH; the queries of that WITH are visited in their own scope. */
function withNames(body: Body, named: ReadonlySet<string>, stack: Visit[]): ReadonlySet<string> {
  const clause = body['withClause'] as Body | undefined;
  const ctes = Array.isArray(clause?.['ctes']) ? (clause['ctes'] as { CommonTableExpr?: Body }[]) : [];
  const all = new Set(named);
  const nameOf = (one: { CommonTableExpr?: Body }): string => String(one.CommonTableExpr?.['ctename']);
  if (clause?.['recursive'] === true) for (const one of ctes) all.add(nameOf(one));
  for (const one of ctes) {
    // Without RECURSIVE a query of WITH sees only those before it.
    stack.push({ value: one.CommonTableExpr?.['ctequery'], named: new Set(all) });
    all.add(nameOf(one));
  }
  return all;
}
