/** The floor of the api's start: an Express program with one route. */
import express from 'express';

const app = express();
app.get('/readyz', (_req, res) => {
  res.json({ status: 'ready' });
});
app.listen(Number(process.env['LETSPING_PORT']), '127.0.0.1');
