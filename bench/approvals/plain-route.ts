/** The baseline of ingest: an Express route that only inserts one row of the body's size in one transaction. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 20 });
await pool.query(
  'create table if not exists bench_rows (id text primary key, body jsonb not null, created_at timestamptz not null default now())',
);

const app = express();
app.disable('x-powered-by');
app.use(express.json({ limit: '4mb' }));
app.post('/rows', async (req, res) => {
  const id = randomUUID();
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('insert into bench_rows (id, body) values ($1, $2)', [id, JSON.stringify(req.body)]);
    await client.query('commit');
  } finally {
    client.release();
  }
  res.status(201).json({ id });
});
const server = app.listen(0, '127.0.0.1', () => console.log(`ready ${(server.address() as AddressInfo).port}`));
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void pool.end();
});
