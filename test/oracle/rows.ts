import pg from 'pg';

/** Reads the tables as their owner: literal SQL, without row-level security. */
export interface Rows {
  requests: any[];
  ledger: any[];
  decisions: any[];
  deliveries: any[];
  interrupts: any[];
  claims: any[];
  incidents: any[];
  keys: { kid: string; [name: string]: unknown }[];
}

const SINCE = 'where project_id = any($1)';

export async function readRows(database_url: string, projects: string[]): Promise<Rows> {
  const client = new pg.Client({ connectionString: database_url });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query("begin isolation level repeatable read; set local app.project_id = '*'");
    const all = async (sql: string) => (await client.query(sql, [projects])).rows;
    const rows: Rows = {
      requests: await all(`select * from approval_requests ${SINCE} order by created_at`),
      ledger: await all(`select * from ledger ${SINCE}`),
      decisions: await all(`select * from decisions ${SINCE}`),
      deliveries: await all(`select * from deliveries ${SINCE}`),
      interrupts: await all(`select * from thread_interrupts ${SINCE}`),
      claims: await all(`select * from claims ${SINCE} order by attempt`),
      incidents: await all(`select * from incidents ${SINCE}`),
      keys: (await client.query('select kid, public_jwk from issuer_keys')).rows.map(({ kid, public_jwk }) => ({
        ...public_jwk,
        kid,
      })),
    };
    await client.query('commit');
    return rows;
  } finally {
    await client.end();
  }
}
