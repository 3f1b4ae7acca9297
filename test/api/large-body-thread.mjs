// A stand-in for the thread of the api: it answers with what reached it, and fails on request.
import { createServer } from 'node:http';
import { parentPort, threadId, workerData } from 'node:worker_threads';

if (workerData.START_FAILS) throw new Error('no such database');
let release = () => {};
const released = new Promise((resolve) => {
  release = resolve;
});
let held = 0;

const server = createServer(async (req, res) => {
  if (req.url === '/die') process.exit(1);
  if (req.url === '/refuse') return res.writeHead(413, { 'Content-Type': 'text/plain' }).end('too large');
  if (req.url === '/release') release();
  if (req.url === '/hold') {
    held += 1;
    parentPort.postMessage({ count: 'opened', args: [held] });
    await released;
  }
  let bytes = 0;
  for await (const chunk of req) bytes += chunk.length;
  const { method, url, headers } = req;
  res.setHeader('Content-Type', 'application/json');
  res
    .writeHead(201)
    .end(JSON.stringify({ threadId, method, url, headers, bytes, env: workerData, port: server.address().port }));
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));
parentPort.once('message', () => process.exit());
