import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BOMBS } from '../../../../bench/schemas/bombs.ts';
import { eventStream } from '../../../faults/event-stream.ts';
import { createRig } from '../../../faults/rig.ts';
import { decide, type Opened, pause, percentile, pooled, type Suite } from '../../suite.ts';
import { ADVERSARY_POLICY, Attempts, attacked } from './attempts.ts';
import { signIn } from './hostile-bodies.ts';
import { watchLiveness } from './liveness.ts';

/** The defaults of the limits, which this program meets as they are. */
const BURST = 600;
const PER_SECOND = 100;
const STREAMS = 100;
const UPLOADS = 20;
const DEFAULTS = {
  LETSPING_LIMIT_REQUESTS_PER_KEY: undefined,
  LETSPING_LIMIT_REQUESTS_PER_PROJECT: undefined,
  LETSPING_LIMIT_FAILED_SIGN_INS_PER_ADDRESS: undefined,
};
const HOLD_MS = 3_000;
/** Time in which an empty bucket is full again. */
const REFILLED_MS = 7_000;
/** A patch beside twenty schemas that never end, against one alone. */
const PATCH_MORE_MS = 50;
const AT_ONCE = 20;
/** Connections that are opened at the same time: those without a key are the proxy's to limit. */
const WIDTH = 300;

/**
 * Holds the key of an agent, and does everything that such a key may do, as often and as large as it can. Another key's calls are answered
 * and not limited, the process lives, and `/livez` is prompt.
 */
export const hostileAgentProgram: Suite = {
  name: 'adversaries: hostile agent',
  isSeeded: false,
  promises: ['bounded cost'],
  async run({ form, say, cell }, count) {
    const rig = await createRig({
      policy: ADVERSARY_POLICY,
      say,
      env: { ...DEFAULTS, LETSPING_STATUS_HOLD_MS: String(HOLD_MS) },
    });
    const on = new Attempts(rig, count);
    const agent = await hostileAgent(on);
    const isWhole = form === 'whole';
    const { pid } = rig.api;
    try {
      await warmedUp(on);
      const honest = honestCalls(on);
      const steps: Record<string, () => Promise<void>> = {
        'a burst of requests': () => bursts(on, agent, isWhole ? 4 : 2),
        'event streams': () => streams(on, agent, isWhole ? 3_000 : 600),
        'held reads': () => heldReads(on, agent, isWhole ? 3 : 1),
        'slow uploads': () => slowUploads(on, agent, isWhole ? 4 : 2),
        'schemas that never end': () => schemas(on, agent, isWhole ? 12 : 6),
        'payloads as large as they may be': () => payloads(on, agent, isWhole ? 2 : 1),
      };
      const watched = Object.entries(steps).map(([name, step]) => [
        name,
        async () => {
          const liveness = await watchLiveness(rig);
          await step().finally(() => liveness.end(name, count, form));
        },
      ]);
      await attacked(on, Object.fromEntries(watched), say, cell);
      await honest.end();
      count.check(rig.api.pid === pid, () => 'the api ended');
      const alarms = rig.api.log
        .split('\n')
        .filter((line) => /"code":"(?:internal|not_authentic)"|"alarm: (?:an uncaught|the thread)/.test(line));
      count.check(
        alarms.length === 0,
        () => `the api logged ${alarms.length} errors: ${alarms.slice(0, 5).join('\n')}`,
      );
      await on.honest('after the hostile agent', await on.held());
      await on.judged();
      count.note(on.summary());
    } finally {
      await agent.end();
      await rig.stop();
    }
  },
};

interface Seen {
  /** 0: no answer; -1: the server waits for the rest of the body. */
  status: number;
  hasRetryAfter?: boolean;
  hasLimit?: boolean;
  id?: string;
  digest?: string;
}
interface Call {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}
interface Order {
  kind: 'send' | 'keep' | 'drip' | 'release';
  times?: number;
  width?: number;
  calls?: Call[];
}
interface HostileAgent {
  key: string;
  /** Judges what must hold for every answer. */
  does(what: string, order: Order): Promise<Seen[]>;
  end(): Promise<void>;
}

/** The attacker's client, in a thread. */
async function hostileAgent(on: Attempts): Promise<HostileAgent> {
  const key = await on.rig.key('mallory', 'agent');
  const worker = new Worker(new URL('../../../faults/hostile-agent.mjs', import.meta.url), {
    workerData: { port: Number(new URL(on.rig.url).port), key },
  });
  await once(worker, 'online');
  let ids = 0;
  return {
    key,
    async does(what, order) {
      const id = ++ids;
      const answered = new Promise<Seen[]>((resolve) => {
        const listener = (message: { id: number; answers: Seen[] }) => {
          if (message.id !== id) return;
          worker.off('message', listener);
          resolve(message.answers);
        };
        worker.on('message', listener);
      });
      worker.postMessage({ id, ...order });
      const answers = await answered;
      if (answers.length > 0) on.tried(what, answers.length);
      const wrong = answers.filter(
        ({ status, hasRetryAfter, hasLimit }) =>
          status === 0 ||
          (status >= 500 && !(status === 503 && hasRetryAfter)) ||
          (status === 429 && !(hasRetryAfter && hasLimit)),
      );
      on.count.check(
        wrong.length === 0,
        () => `${what}: ${wrong.length} answers like ${JSON.stringify(wrong[0])}: ${countsOf(answers)}`,
      );
      return answers;
    },
    end: async () => void (await worker.terminate()),
  };
}

const countsOf = (answers: Seen[]): string => {
  const counts = new Map<number, number>();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, times]) => `${times} × ${status}`).join(', ');
};
const of = (answers: Seen[], wanted: number) => answers.filter(({ status }) => status === wanted).length;
const post = (body: object): Call => ({ method: 'POST', path: '/api/ingest', body: JSON.stringify(body) });
const allowed = { service: 'auto', action: 'read', payload: { page: 1 } };
const heldBody = { service: 'billing-agent', action: 'refund', payload: { amount: 10, to: 'a' } };

/** A process that has just started has compiled little. */
async function warmedUp({ rig }: Attempts): Promise<void> {
  const large = { ...allowed, payload: { text: 'The parcel came back to us. '.repeat(2_000) } };
  for (let n = 0; n < 150; n++) {
    await rig.call(rig.agent_api_key, 'POST', '/api/ingest', n % 30 === 0 ? large : allowed);
    await rig.call(rig.agent_api_key, 'GET', '/api/approval-requests?limit=50');
    await rig.call(rig.agent_api_key, 'GET', '/api/nothing');
  }
}

/** Another key's calls, all the time: each is answered, and none is limited. */
function honestCalls(on: Attempts): { end(): Promise<void> } {
  const took: number[] = [];
  const wrong: string[] = [];
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      const from = performance.now();
      const answer = await on.rig
        .call(on.rig.agent_api_key, 'POST', '/api/ingest', allowed)
        .catch((error: Error) => ({ status: 0, text: error.message }));
      took.push(performance.now() - from);
      if (answer.status !== 201) wrong.push(`${answer.status} ${answer.text.slice(0, 120)}`);
      await pause(100);
    }
  })();
  return {
    async end() {
      isOver = true;
      await running;
      on.count.check(
        wrong.length === 0,
        () => `${wrong.length} of ${took.length} honest calls: ${wrong.slice(0, 3).join('; ')}`,
      );
      on.count.note(
        `${took.length} honest calls of another key: p50 ${percentile(took, 0.5).toFixed(0)}, p95 ${percentile(took, 0.95).toFixed(0)} ms, none limited`,
      );
    },
  };
}

/** Everything at once: what passes is the burst, and what flows in meanwhile. */
async function bursts(on: Attempts, agent: HostileAgent, rounds: number): Promise<void> {
  const [opened] = await agent.does('request', { kind: 'send', calls: [post(heldBody)] });
  const calls: Call[] = [
    { method: 'GET', path: '/api/approval-requests?limit=50' },
    { method: 'GET', path: `/api/status/${opened?.id}` },
    post(allowed),
    { method: 'GET', path: '/api/nothing' },
  ];
  const from = Date.now();
  let passed = 1;
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const answers = await agent.does('request', { kind: 'send', times: 1_000, calls });
    refused += of(answers, 429);
    passed += answers.length - of(answers, 429);
  }
  const most = BURST + (PER_SECOND * (Date.now() - from)) / 1_000 + 1;
  on.count.check(passed <= most, () => `${passed} requests passed, and at most ${most.toFixed(0)} may`);
  on.count.check(refused >= 1, () => `none of ${rounds * 1_000} requests was refused`);
  on.count.note(`of ${rounds * 1_000 + 1} requests at once ${refused} were refused`);
}

async function streams(on: Attempts, agent: HostileAgent, times: number): Promise<void> {
  await pause(REFILLED_MS);
  const calls = [{ method: 'GET', path: '/api/events' }];
  const answers = await agent.does('event stream', { kind: 'keep', times, width: WIDTH, calls });
  on.count.check(
    of(answers, 200) === STREAMS && of(answers, 429) === times - STREAMS,
    () => `of ${times} event streams: ${countsOf(answers)}`,
  );
  const stream = await eventStream(on.rig.url, on.rig.agent_api_key);
  const target = await on.held();
  await on.honest('beside event streams', target);
  const heard = () =>
    stream.events.some(({ event, request_id }) => request_id === target.id && event.endsWith('.resolved'));
  for (const end = Date.now() + 10_000; !heard() && Date.now() < end; ) await pause(50);
  on.count.check(heard(), () => `the stream of the other key did not hear of ${target.id}`);
  stream.stop();
  await agent.does('', { kind: 'release' });
  await pause(REFILLED_MS);
  const again = await agent.does('event stream', { kind: 'keep', times: STREAMS, calls });
  on.count.check(of(again, 200) === STREAMS, () => `after all were closed: ${countsOf(again)}`);
  await agent.does('', { kind: 'release' });
}

/** The reads of one key are held or answered; a read of another key is answered with its decision. */
async function heldReads(on: Attempts, agent: HostileAgent, rounds: number): Promise<void> {
  await pause(REFILLED_MS);
  const [opened] = await agent.does('request', { kind: 'send', calls: [post(heldBody)] });
  for (let round = 0; round < rounds; round++) {
    const hostile = agent.does('held read', {
      kind: 'send',
      times: 1_200,
      calls: [{ method: 'GET', path: `/api/status/${opened?.id}` }],
    });
    const target = await on.held();
    const read = () => on.rig.call(on.rig.agent_api_key, 'GET', `/api/status/${target.id}`);
    await read();
    let isTold = false;
    const told = (async () => {
      while (!isTold) isTold = (await read()).body?.status === 'APPROVED';
    })();
    await on.honest('beside held reads', target);
    await Promise.race([told, pause(10_000)]);
    on.count.check(isTold, () => `a held read of the other key did not get its decision within 10 s (${target.id})`);
    isTold = true;
    await told;
    const answers = await hostile;
    on.count.check(
      of(answers, 200) + of(answers, 429) === answers.length,
      () => `1,200 reads of one request: ${countsOf(answers)}`,
    );
  }
}

/** A body that was begun takes no place of the thread that answers the large bodies of everybody. */
async function slowUploads(on: Attempts, agent: HostileAgent, rounds: number): Promise<void> {
  await pause(REFILLED_MS);
  const large = { ...allowed, payload: { text: 'The parcel came back to us. '.repeat(2_000) } };
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const answers = await agent.does('upload of one byte', { kind: 'drip', times: 2 * UPLOADS });
    on.count.check(
      of(answers, -1) === UPLOADS && of(answers, 429) === UPLOADS,
      () => `of ${2 * UPLOADS} uploads: ${countsOf(answers)}`,
    );
    for (let n = 0; n < 5; n++) {
      const from = performance.now();
      const answer = await on.rig.call(on.rig.agent_api_key, 'POST', '/api/ingest', large);
      took.push(performance.now() - from);
      on.count.check(
        answer.status === 201,
        () => `a large body beside slow ones: ${answer.status} ${answer.text.slice(0, 120)}`,
      );
    }
    await agent.does('', { kind: 'release' });
    await pause(300);
  }
  on.count.note(
    `large bodies of another key beside ${UPLOADS} slow ones: p50 ${percentile(took, 0.5).toFixed(0)}, p95 ${percentile(took, 0.95).toFixed(0)} ms`,
  );
}

/** People patch requests whose schemas never end, twenty at once, and another key's patch is checked meanwhile. */
async function schemas(on: Attempts, agent: HostileAgent, honestPatches: number): Promise<void> {
  await pause(REFILLED_MS);
  const { rig, count } = on;
  const bombs = BOMBS.filter(
    ({ schema, value }) => value.startsWith('{') && schema.length < 60_000 && value.length < 200_000,
  );
  const opened = await agent.does('schema that never ends', {
    kind: 'send',
    times: bombs.length,
    width: 1,
    calls: bombs.map(({ schema }) => ({
      method: 'POST',
      path: '/api/ingest',
      body: `${JSON.stringify(heldBody).slice(0, -1)},"schema":${schema}}`,
    })),
  });
  const requests = opened.filter(({ id }) => id !== undefined);
  const values = new Map(opened.map(({ id }, at) => [id, bombs[at]!.value]));
  count.check(requests.length > 5, () => `schemas that never end: ${countsOf(opened)}`);

  const other = await rig.key('another-approver', 'approver');
  const schema = { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] };
  const patched = async () => {
    const target = await on.held({ schema });
    const from = performance.now();
    const answer = await decide(rig, target.id, {
      type: 'patch',
      payload_digest: target.payload_digest,
      patched_payload: { amount: 9, to: 'a' },
    });
    count.check(
      answer.status === 201,
      () => `an honest patch was answered ${answer.status} ${answer.text.slice(0, 160)} (${target.id})`,
    );
    return performance.now() - from;
  };
  const calm: number[] = [];
  for (let n = 0; n < honestPatches; n++) calm.push(await patched());

  let checked = 0;
  const volley = (round: number) =>
    Promise.all(
      Array.from({ length: AT_ONCE }, async (_, n) => {
        const at = (round * AT_ONCE + n) % requests.length;
        const { id, digest } = requests[at]!;
        const body = `{"type":"patch","payload_digest":"${digest}","patched_payload":${values.get(id!)!}}`;
        const answer = await rig.call(other, 'POST', `/api/approval-requests/${id}/decisions`, body);
        checked += 1;
        count.check(
          answer.status < 500 || (answer.status === 503 && answer.headers.has('retry-after')),
          () => `a patch under a schema that never ends: ${answer.status} ${answer.text.slice(0, 160)} (${id})`,
        );
      }),
    );
  const under: number[] = [];
  for (let round = 0; round < honestPatches; round++) {
    const hostile = volley(round);
    under.push(await patched());
    await hostile;
  }
  on.tried('patch under such a schema', checked);
  const [alone, beside] = [percentile(calm, 0.5), percentile(under, 0.5)];
  count.note(
    `a patch of another key: p50 ${alone.toFixed(0)}, p95 ${percentile(calm, 0.95).toFixed(0)} ms alone; ${beside.toFixed(0)} and ${percentile(under, 0.95).toFixed(0)} ms beside ${checked} patches under schemas that never end`,
  );
  count.check(
    beside <= 2 * alone + PATCH_MORE_MS,
    () => `a patch of another key took ${beside.toFixed(0)} instead of ${alone.toFixed(0)} ms`,
  );
}

const MB = 1_000_000;
const list = (times: number, item: (at: number) => string) =>
  Array.from({ length: times }, (_, at) => item(at)).join(',');
/** Payloads in the shapes that cost most to screen and to show. */
const PAYLOADS: Record<string, () => string> = {
  'one long text': () => `{"s":"${'a'.repeat(3.5 * MB)}"}`,
  'many members': () => `{${list(19_000, (at) => `"k${at}":"v"`)}}`,
  'many URLs': () => `{"s":"${'http://a.b/ '.repeat(250_000)}"}`,
  'look-alikes': () => `{"s":"${'\u0430\u0440\u0440\u04cf\u0435 '.repeat(150_000)}"}`,
  'direction marks': () => `{"s":"${'\u202ea\u202c'.repeat(200_000)}"}`,
  deep: () => `${'{"a":'.repeat(190)}1${'}'.repeat(190)}`,
};

/** Held requests of several megabytes; a person opens the page of each, and decides. */
async function payloads(on: Attempts, agent: HostileAgent, rounds: number): Promise<void> {
  await pause(REFILLED_MS);
  const { rig, count } = on;
  const cookie = await signIn(on);
  const calls = Object.values(PAYLOADS).map((make) => ({
    method: 'POST',
    path: '/api/ingest',
    body: `{"service":"billing-agent","action":"refund","payload":${make()}}`,
  }));
  const shown: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const opened = await agent.does('large payload', { kind: 'send', times: calls.length, calls });
    await pooled(
      opened.filter(({ id }) => id !== undefined),
      3,
      async ({ id }) => {
        const from = performance.now();
        const page = await fetch(`${rig.url}/requests/${id}`, {
          headers: { cookie },
          signal: AbortSignal.timeout(60_000),
        });
        await page.text();
        shown.push(performance.now() - from);
        count.check(page.status === 200, () => `the page of a large request: ${page.status} (${id})`);
        const view = (await rig.call(rig.approver_api_key, 'GET', `/api/approval-requests/${id}`)).body as Opened;
        const answer = await decide(rig, id!, {
          type: 'reject',
          reason: 'too large',
          payload_digest: view.payload_digest,
        });
        count.check(
          answer.status === 201,
          () => `rejecting a large request: ${answer.status} ${answer.text.slice(0, 160)} (${id})`,
        );
      },
    );
  }
  count.note(
    `${shown.length} pages of large requests: p50 ${percentile(shown, 0.5).toFixed(0)}, max ${Math.max(0, ...shown).toFixed(0)} ms`,
  );
}
