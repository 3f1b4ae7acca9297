// Asks /livez every 25 ms from a thread of its own, so that the attacker's own work is not measured. Plain JavaScript: a worker thread
// loads it. Posts the milliseconds of each answer on `end`; a call without an answer counts as `Infinity`.
import { Agent, get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const EVERY_MS = 25;
const SILENCE_MS = 10_000;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const times = [];
let ended = false;
parentPort.once('message', () => {
  ended = true;
});

const ask = () =>
  new Promise((resolve) => {
    const from = performance.now();
    const call = get(`${workerData.url}/livez`, { agent, timeout: SILENCE_MS }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode === 200 ? performance.now() - from : Infinity));
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(Infinity));
  });

while (!ended) {
  times.push(await ask());
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}
agent.destroy();
parentPort.postMessage(times);
