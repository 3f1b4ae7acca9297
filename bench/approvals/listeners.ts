/** Connections that listen as an api does, in a process of their own; the argument says how many. */
import pg from 'pg';

const clients = await Promise.all(
  Array.from({ length: Number(process.argv[2]) }, async () => {
    const client = new pg.Client({ connectionString: process.env['DATABASE_URL'] });
    await client.connect();
    await client.query('listen letsping');
    return client;
  }),
);
console.log('ready');
process.once('SIGTERM', () => void Promise.all(clients.map((client) => client.end())));
