import pg, { type Pool, type PoolClient, type QueryResult, type QueryResultRow } from 'pg';
import { DomainError } from '../../domain/errors.ts';

/** A transaction inside one project. Every statement of storage/ takes it first. */
export interface Transaction {
  readonly project_id: string;
  /** Statements that are not awaited one by one are sent together, and run in order. */
  query<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
  /** The last statement: the commit is sent with it, in the same round trip, so its result cannot roll it back. */
  last<R extends QueryResultRow>(text: string, values?: unknown[]): Promise<R[]>;
}

/** Row-level security shows all projects for this value: for authentication and the reconciler, which do not know a project yet. */
const EVERY_PROJECT = '*';
const PROJECT_ID = /^(prj_[0-9a-z]{26}|\*)$/;

/** SQLSTATE classes and codes, and error texts of the driver, that mean "unavailable": the statement may be retried. */
const AWAY = /^(08|57P|57014|53|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|25006)/;
const AWAY_TEXT = /terminated|read timeout|timeout exceeded|timeout expired|Connection ended|not queryable/i;

const isAway = (error: unknown): boolean =>
  error instanceof Error &&
  (AWAY.test((error as { code?: string }).code ?? '') ||
    AWAY_TEXT.test(error.message) ||
    (error instanceof AggregateError && error.errors.some(isAway)));

export const databaseUnavailable = (cause?: unknown): DomainError =>
  new DomainError(
    'database_unavailable',
    'The database does not answer. Nothing was changed; try again.',
    { retry_after: 2 },
    { cause },
  );

/** Connection errors become `database_unavailable`; every other error is passed on. */
const translated = (error: unknown): unknown =>
  error instanceof DomainError || !isAway(error) ? error : databaseUnavailable(error);

/** A connection that breaks in use rejects its query, and emits `error` too, which ends the process without a listener. */
const ignoreError = () => {};

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    const client = await pool.connect();
    client.on('error', ignoreError);
    return client;
  } catch (error) {
    throw translated(error);
  }
}

/** Statements with values are prepared once per connection. Their texts are constants of storage/, so there are few. */
const names = new Map<string, string>();
function nameOf(text: string): string {
  const name = names.get(text) ?? `s${names.size}`;
  names.set(text, name);
  return name;
}

async function transact<T>(pool: Pool, project_id: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
  if (!PROJECT_ID.test(project_id)) throw new TypeError(`not a project id: ${project_id}`);
  const client = await connect(pool);
  let broken: Error | undefined;
  let committed: Promise<unknown> | undefined;
  // Statements of one turn of the event loop are sent in one write: three system calls fewer per transaction.
  const together = () => {
    const { stream } = client.connection;
    stream.cork();
    process.nextTick(() => stream.uncork());
  };
  const send = async <R extends QueryResultRow>(text: string, values: unknown[]): Promise<R[]> =>
    (await client.query<R>(values.length > 0 ? { name: nameOf(text), text, values } : text)).rows;
  try {
    // Not awaited: if it fails, PostgreSQL refuses all that follows. The id was checked above, so it may be part of the text.
    together();
    const begun = client.query(`begin; set local app.project_id = '${project_id}'`);
    begun.catch(() => {});
    const result = await work({
      project_id,
      query: (text, values = []) => {
        if (committed) throw new Error('a statement after the last one of its transaction');
        together();
        return send(text, values);
      },
      last: (text, values = []) => {
        if (committed) throw new Error('a transaction has one last statement');
        together();
        const rows = send(text, values);
        committed = client.query('commit');
        committed.catch(() => {});
        return rows as Promise<never>;
      },
    });
    await begun;
    await (committed ?? client.query('commit'));
    return result;
  } catch (error) {
    if (isAway(error)) broken = error as Error;
    else if (!committed)
      await client.query('rollback').catch((failed: Error) => {
        broken = failed;
      });
    throw translated(error);
  } finally {
    // A broken connection keeps the listener: it may emit more errors while it is discarded.
    if (!broken) client.off('error', ignoreError);
    client.release(broken);
  }
}

/**
 * Runs `work` in one transaction that sees one project only. Commits when it resolves, rolls back when it throws.
 * @throws DomainError `database_unavailable` when the connection fails.
 */
export const inProject = <T>(pool: Pool, project_id: string, work: (tx: Transaction) => Promise<T>): Promise<T> =>
  transact(pool, project_id, work);

/**
 * `inProject` for a single statement: begin, statement and commit are one round trip.
 * @throws DomainError `database_unavailable`
 */
export const onceInProject = <T>(pool: Pool, project_id: string, work: (tx: Transaction) => Promise<T>): Promise<T> =>
  transact(pool, project_id, (tx) => work({ ...tx, query: tx.last }));

/**
 * The first part of a statement that is its own transaction: it enters its project, $2. The other parts take the id from
 * `project`, so none of them can run earlier; a part that did would see and write nothing.
 */
export const ENTER_PROJECT = `project as materialized (select set_config('app.project_id', $2, true) as id)`;

/**
 * One statement that begins with `ENTER_PROJECT`, without begin and commit: two messages fewer than `onceInProject`.
 * @throws DomainError `database_unavailable`
 */
export async function alone<R extends QueryResultRow>(
  pool: Pool,
  text: string,
  values: unknown[],
): Promise<QueryResult<R>> {
  try {
    // The driver copies a plain configuration with its property descriptors, which is slow; it uses a Query object as it is.
    const query = Object.assign(new pg.Query(text, values), { name: nameOf(text) });
    return await pool.query<R>(query as never);
  } catch (error) {
    throw translated(error);
  }
}

/** `inProject` over all projects: only to look up a key, session or link, and for the reconciler. */
export const acrossProjects = <T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> =>
  transact(pool, EVERY_PROJECT, work);

/** `acrossProjects` for one statement. */
export const onceAcrossProjects = <T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> =>
  transact(pool, EVERY_PROJECT, (tx) => work({ ...tx, query: tx.last }));

/** The database's clock, whole milliseconds. Every time of a request comes from it. */
export async function clock(tx: Transaction): Promise<Date> {
  const [row] = await tx.query<{ now: Date }>("select date_trunc('milliseconds', clock_timestamp()) as now");
  if (!row) throw new Error('the database gave no time');
  return row.now;
}
