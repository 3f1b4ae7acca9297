import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { pause, percentile } from '../../suite.ts';
import type { Attempts } from './attempts.ts';

/** CPU time of a process in ms, and its memory in MiB. */
function usage(pid: number): { cpuMs: number; rssMiB: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, rssMiB: rss / 1024 };
}

const MB = 1_000_000;
const HONEST_CALLS = 200;
const body = (payload: string) => `{"service":"billing-agent","action":"refund","payload":${payload}}`;
/** The same for a service whose actions are allowed: a held request would add the cost of its workflow. */
const allowed = (text: string) => text.replace('"billing-agent"', '"auto"');
const times = (n: number, make: (at: number) => string) => Array.from({ length: n }, (_, at) => make(at)).join(',');
const CORPUS: Record<string, () => string | Buffer> = {
  'depth bomb': () => body(`{"a":${'['.repeat(120_000)}${']'.repeat(120_000)}}`),
  'objects, deep': () => body(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`),
  '19,000 keys': () => body(`{${times(19_000, (at) => `"k${at}":1`)}}`),
  '200,000 keys': () => body(`{${times(200_000, (at) => `"k${at}":1`)}}`),
  'duplicate keys': () => body('{"a":1,"a":2}'),
  'escaped duplicate': () => body('{"a":1,"\\u0061":2}'),
  __proto__: () => body('{"__proto__":{"admin":true}}'),
  constructor: () => body('{"constructor":{"prototype":{"x":1}}}'),
  'unsafe integer': () => body('{"n":9007199254740993}'),
  'infinite number': () => body('{"n":1e400}'),
  'lone surrogate': () => body('{"s":"\\ud800"}'),
  'trailing comma': () => body('{"a":1,}'),
  comment: () => body('{"a":1/*x*/}'),
  'not UTF-8': () => Buffer.concat([Buffer.from('{"service":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
  'gzip bomb': () => gzipSync(Buffer.alloc(50 * MB, 0x20)),
  'over the limit': () => body(`{"s":"${'x'.repeat(4.3 * MB)}"}`),
  'open brackets': () => '['.repeat(3 * MB),
  'one long string': () => body(`{"s":"${'a'.repeat(3.5 * MB)}"}`),
  'many URLs': () => body(`{"s":"${'http://a.b/ '.repeat(250_000)}"}`),
  'many escapes': () => body(`{"s":"${'\\u0061'.repeat(500_000)}"}`),
  'nested base64': () => body(`{"s":"${Buffer.from('http://169.254.169.254/ '.repeat(60_000)).toString('base64')}"}`),
  'ten thousand items': () => body(`{"a":[${times(100_000, (at) => `{"u":"https://h${at}.example/x"}`)}]}`),
  'percent signs': () => body(`{"u":"http://x/${'%25'.repeat(900_000)}"}`),
};

/** Bodies in the shapes that cost most: the CPU time of each is bounded, and honest calls are answered beside them. */
export async function costlyBodies(on: Attempts): Promise<void> {
  const { rig, count } = on;
  const honest = async () => {
    const from = performance.now();
    const { status } = await rig.call(rig.agent_api_key, 'POST', '/api/ingest', {
      service: 'auto',
      action: 'read',
      payload: { page: 1 },
    });
    if (status !== 201) throw new Error(`an honest call was answered ${status}`);
    return performance.now() - from;
  };
  // Warm-up: a new thread has no compiled code yet.
  const plain = allowed(body(`{"text":"${'The parcel came back to us. '.repeat(8_000)}"}`));
  for (let n = 0; n < 20; n++) await rig.call(rig.agent_api_key, 'POST', '/api/ingest', plain);
  let worst = { name: '', perMb: 0 };
  const grown: string[] = [];
  for (const [name, make] of Object.entries(CORPUS)) {
    const sent = make();
    const pid = rig.api.pid!;
    const before = usage(pid);
    const answer = await fetch(`${rig.url}/api/ingest`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${rig.agent_api_key}`,
        'content-type': 'application/json',
        ...(name === 'gzip bomb' && { 'content-encoding': 'gzip' }),
      },
      body: sent as never,
    }).then(
      async (answered) => ({ status: answered.status, text: await answered.text() }),
      (error: Error) => ({ status: 0, text: String(error.cause ?? error) }),
    );
    const after = usage(pid);
    const size = name === 'gzip bomb' ? 4 : Math.max(0.2, sent.length / MB);
    const perMb = (after.cpuMs - before.cpuMs) / size;
    if (size > 0.5 && perMb > worst.perMb) worst = { name, perMb };
    count.check(
      answer.status > 0 && answer.status < 500,
      () => `${name}: answered ${answer.status} ${answer.text.slice(0, 120)}`,
    );
    count.check(rig.api.pid === pid, () => `${name}: ended the api`);
    if (after.rssMiB - before.rssMiB > 64) grown.push(`${name} ${(after.rssMiB - before.rssMiB).toFixed(0)} MiB`);
    const id = /"id":"(req_\w+)"/.exec(answer.text)?.[1];
    if (id) {
      rig.oracle.answers.push({ request_id: id, what: 'opened' });
      on.ids.push(id);
    }
    on.tried('costly body');
  }
  count.check(worst.perMb <= 300, () => `${worst.name}: ${worst.perMb.toFixed(0)} ms of CPU per MB`);
  const calls = async () => {
    const times: number[] = [];
    for (let n = 0; n < HONEST_CALLS; n++) {
      times.push(await honest());
      await pause(5);
    }
    return times;
  };
  await calls(); // garbage of the corpus is collected, and the api is warm
  const calm = await calls();
  // Only refused bodies: accepted ones also cost storage, which `bench approvals --only large` measures.
  const bodies = ['depth bomb', '200,000 keys', 'ten thousand items', 'open brackets'].map(
    (name) => CORPUS[name]!() as string,
  );
  const attacker = new Worker(new URL('../../../faults/attacker.mjs', import.meta.url), {
    workerData: { url: `${rig.url}/api/ingest`, key: rig.agent_api_key, bodies },
  });
  await once(attacker, 'online');
  const under = await calls();
  attacker.postMessage('end');
  const [hits] = (await once(attacker, 'message')) as [number];
  count.note(
    `${Object.keys(CORPUS).length} bodies; most CPU per MB ${worst.perMb.toFixed(0)} ms (${worst.name}; promised 100); memory grew by more than 64 MiB for ${grown.length === 0 ? 'none' : grown.join(', ')}; honest calls p50 ${percentile(calm, 0.5).toFixed(1)} and p99 ${percentile(calm, 0.99).toFixed(0)} ms calm, ${percentile(under, 0.5).toFixed(1)} and ${percentile(under, 0.99).toFixed(0)} ms beside ${hits} such bodies (promised: p99 less than twice)`,
  );
}
