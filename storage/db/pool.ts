import pg from 'pg';

/**
 * The pool of the process. Timeouts are short, so that a hanging database leads to a 503 and not to a hanging request. The
 * pool reconnects. Timestamps are read as Date; no bigint columns are used.
 */
export function createPool(
  databaseUrl: string,
  options: { max?: number; onError?: (error: Error) => void } = {},
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: options.max ?? 20,
    application_name: 'letsping',
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 5_000,
    query_timeout: 6_000,
    idle_in_transaction_session_timeout: 10_000,
    allowExitOnIdle: true,
    keepAlive: true,
    // Statements that are not awaited one by one share a round trip (`transaction.ts`).
    pipeline: true,
  });
  // Without this listener, an idle connection that the server closes would end the process.
  pool.on('error', options.onError ?? (() => {}));
  return pool;
}
