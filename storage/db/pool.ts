import pg from 'pg';

/**
 * The process's pool. Time-outs are short, so that a database that hangs is an answer of 503 and not a hanging request; the
 * pool heals by itself. bigint columns are not used; timestamps come as Date.
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
    // Statements that do not wait for each other's answers share a round trip (see storage/db/transaction.ts).
    pipeline: true,
  });
  // Without a listener a connection that the server closes while idle ends the process.
  pool.on('error', options.onError ?? (() => {}));
  return pool;
}
