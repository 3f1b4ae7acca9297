// The client of a hostile agent, in a thread of its own, so that the cost of sending does not add to measured times. It does what the
// messages say, and answers each with the statuses that it saw.
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { port, key } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
const held = new Set();

/** One answer; `keep` leaves a stream open. Status 0: no answer. */
const send = ({ method, path, headers = {}, body }, keep = false, isAgain = false) =>
  new Promise((resolve) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      agent: keep || isAgain ? false : agent,
      method,
      path,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...headers,
      },
    });
    // The server may close an idle connection while a request is sent on it.
    sent.on('error', () =>
      resolve(sent.reusedSocket && !isAgain ? send({ method, path, headers, body }, keep, true) : { status: 0 }),
    );
    sent.on('response', (answer) => {
      const seen = {
        status: answer.statusCode,
        hasRetryAfter: answer.headers['retry-after'] !== undefined,
        hasLimit: answer.headers['ratelimit'] !== undefined,
      };
      if (keep && answer.statusCode === 200) {
        held.add(sent);
        answer.resume();
        answer.on('error', () => {});
        resolve(seen);
        return;
      }
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => {
        text += part;
      });
      answer.on('error', () => resolve({ status: 0 }));
      answer.on('end', () =>
        resolve({
          ...seen,
          id: /"id":"(req_\w+)"/.exec(text)?.[1],
          digest: /"payload_digest":"(sha256:[0-9a-f]{64})"/.exec(text)?.[1],
        }),
      );
    });
    sent.end(body);
  });

/** Connections that begin a large body with one byte. */
const drip = (times) =>
  Promise.all(
    Array.from({ length: times }, async () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      held.add(socket);
      await new Promise((resolve) => socket.once('connect', resolve).once('error', resolve));
      const answered = new Promise((resolve) => {
        socket.once('data', (data) =>
          resolve({
            status: Number(String(data).slice(9, 12)),
            hasRetryAfter: /retry-after/i.test(data),
            hasLimit: true,
          }),
        );
        setTimeout(() => resolve({ status: -1 }), 1_500); // it waits for the rest
      });
      socket.write(
        `POST /api/ingest HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n`,
      );
      return answered;
    }),
  );

const answersTo = async ({ kind, times = 1, width = times, calls = [] }) => {
  if (kind === 'drip') return drip(times);
  const queue = Array.from({ length: times }, (_, at) => calls[at % calls.length]);
  const answers = [];
  const lane = async () => {
    for (let call = queue.shift(); call; call = queue.shift()) answers.push(await send(call, kind === 'keep'));
  };
  await Promise.all(Array.from({ length: width }, lane));
  return answers;
};

parentPort.on('message', async (message) => {
  if (message.kind === 'release') {
    for (const one of held) one.destroy();
    held.clear();
    parentPort.postMessage({ id: message.id, answers: [] });
    return;
  }
  parentPort.postMessage({ id: message.id, answers: await answersTo(message) });
});
