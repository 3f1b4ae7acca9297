// A client that sends one body after the other until it gets a message to end, and reports how many it sent. It runs in a
// separate thread, so that the cost of sending does not add to measured times.
import { parentPort, workerData } from 'node:worker_threads';

const { url, key, bodies } = workerData;
let isOver = false;
parentPort.once('message', () => {
  isOver = true;
});
let sent = 0;
for (; !isOver; sent++) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: bodies[sent % bodies.length],
  });
  await answer.text();
}
parentPort.postMessage(sent);
