import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { Policy } from '../../../contracts/policy.ts';
import { screenAction } from '../../../domain/firewall/screen.ts';
import { program } from '../../faults/program.ts';
import type { Rig } from '../../faults/rig.ts';
import { decide, detail, judged, openHeld, pause, percentile, type Suite } from '../suite.ts';

const CANARY = 'c4nary-9b1d-';

/** Planted in every writable text; must not appear in stored data, logs, errors or histories. */
export const canaries: Suite = {
  name: 'canaries',
  promises: ['sealed', 'nothing readable'],
  async run({ rig: shared }, count) {
    const rig = await shared();
    let planted = 0;
    const canary = () => `${CANARY}${planted++}`;
    const answers: string[] = [];
    const bad = async (key: string, method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const answer = await rig.call(key, method, path, body, headers);
      if (answer.status >= 400) answers.push(answer.text);
      return answer;
    };
    const opened = await Promise.all(
      Array.from({ length: 4 }, () =>
        openHeld(
          rig,
          {
            payload: { text: canary(), [canary()]: 1, to: `${canary()}@yourco.com` },
            metadata: { trace_id: canary(), environment: canary() },
            context: { task: canary() },
            schema: { type: 'object', title: canary() },
          },
          canary(),
        ),
      ),
    );
    const [patched, rejected, refused] = opened;
    await bad(rig.approver_api_key, 'POST', `/api/approval-requests/${patched!.id}/decisions`, {
      type: 'patch',
      patched_payload: { text: canary() },
      payload_digest: patched!.payload_digest,
    });
    await bad(rig.approver_api_key, 'POST', `/api/approval-requests/${rejected!.id}/decisions`, {
      type: 'reject',
      reason: canary(),
      payload_digest: rejected!.payload_digest,
    });
    await bad(rig.approver_api_key, 'POST', `/api/approval-requests/${refused!.id}/decisions`, {
      type: 'patch',
      patched_payload: { url: 'http://169.254.169.254/', note: canary() },
      payload_digest: refused!.payload_digest,
    });
    for (const body of [
      `{"service":"${canary()}"`,
      { service: canary() },
      { service: 'a', action: 'b', payload: canary() },
      { service: 'a', action: 'b', payload: {}, expires_in_ms: canary() },
      { service: 'a', action: 'b', payload: {}, metadata: { role: canary() } },
    ])
      await bad(rig.agent_api_key, 'POST', '/api/ingest', body);
    await bad(`lp_test_${canary()}`, 'GET', '/api/approval-requests');
    await bad(rig.agent_api_key, 'GET', `/api/status/${canary()}?x=${canary()}`, undefined, {
      cookie: `letsping=${canary()}`,
      referer: canary(),
      'x-request-id': `${canary()} `,
    });
    await bad(rig.admin_api_key, 'PUT', '/api/policy', { [canary()]: 1 });
    // A database error quotes the row: it must not reach the log.
    await rig.sql(
      "create or replace function quote_row() returns trigger language plpgsql as $$ begin raise exception 'row: %', new using errcode = '23514'; end $$",
    );
    await rig.sql('create trigger quote_row before insert on decisions for each row execute function quote_row()');
    await bad(rig.approver_api_key, 'POST', `/api/approval-requests/${opened[3]!.id}/decisions`, {
      type: 'reject',
      reason: canary(),
      payload_digest: opened[3]!.payload_digest,
    });
    await rig.sql('drop trigger quote_row on decisions');

    const histories = await Promise.all(
      opened.map(async ({ id }) => (await rig.oracle.histories.of(`approval/${id}`))?.text ?? ''),
    );
    const owner = new pg.Client({ connectionString: rig.owner_url });
    await owner.connect();
    await owner.query("set app.project_id = '*'");
    const { rows: tables } = await owner.query(
      "select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
    );
    const rows: string[] = [];
    for (const { name } of tables)
      for (const { row } of (await owner.query(`select t::text as row from "${name}" t`)).rows) {
        rows.push(row);
        for (const [, hex] of row.matchAll(/\\\\?x([0-9a-f]{8,})/g))
          rows.push(Buffer.from(hex, 'hex').toString('latin1'));
      }
    await owner.end();
    const secrets = [
      rig.agent_api_key,
      rig.approver_api_key,
      rig.admin_api_key,
      rig.env['LETSPING_ROOT_KEY']!,
      new URL(rig.app_url).password,
      ...opened.map(({ digest_salt }) => digest_salt),
    ];
    const places = {
      'log of the api': rig.api.log,
      'log of the worker': rig.worker.log,
      histories: histories.join('\n'),
      database: rows.join('\n'),
    };
    for (const [place, text] of Object.entries(places)) {
      const at = text.indexOf(CANARY);
      count.check(at < 0, () => `${place}: …${text.slice(Math.max(0, at - 120), at + 60)}…`);
      count.check(text.length > 100, () => `${place} is empty: nothing was checked`);
      for (const secret of secrets) count.check(!text.includes(secret.slice(-40)), () => `${place} holds a secret`);
    }
    for (const text of answers) {
      for (const secret of secrets)
        count.check(!text.includes(secret.slice(-40)), () => 'an error body holds a secret');
      count.check(
        !/\n\s+at |\/dist\/|node_modules|postgres:\/\//.test(text),
        () => `an error body reveals internals: ${text.slice(0, 200)}`,
      );
    }
    count.note(`${planted} canaries, ${answers.length} error bodies`);
    await judged(rig, count, { ids: opened.map(({ id }) => id) });
  },
};

const WORKER_WITH = fileURLToPath(new URL('../../faults/worker-with.mjs', import.meta.url));

/** A guardrail that throws, returns garbage or hangs holds the request. */
export const guardrails: Suite = {
  name: 'failing guardrails',
  promises: ['fails closed'],
  async run({ form, rig: shared }, count) {
    const open = Policy.parse({ default_routing: 'review_flagged' });
    const action = { service: 'auto', action: 'read', payload: { page: 1 } };
    const thrown = [
      new Error('x'),
      undefined,
      null,
      'text',
      { message: 1 },
      Symbol('x'),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('again');
          },
        },
      ),
    ];
    const garbage: unknown[] = [
      undefined,
      null,
      true,
      0,
      'allow',
      {},
      [null],
      [{}],
      [{ id: 1 }],
      ['x'],
      [[]],
      { length: 0 },
      new Map(),
      Promise.resolve([]),
      [{ id: 'a', severity: 'none', pointer: '', evidence: '', message: '' }],
      [{ id: 'a', severity: 'toString', pointer: '', evidence: '', message: '' }],
    ];
    for (const what of thrown) {
      const { verdict } = screenAction(action, {}, open, [
        {
          id: 'broken',
          check: () => {
            throw what;
          },
        },
      ]);
      count.check(verdict === 'hold', () => `a guardrail that throws ${String(typeof what)}: ${verdict}`);
    }
    for (const what of garbage) {
      const { verdict } = screenAction(action, {}, open, [{ id: 'broken', check: () => what as never }]);
      count.check(verdict === 'hold', () => `a guardrail that answers ${typeof what}: ${verdict}`);
    }
    // A broken workflow step, in a separate worker: the request is held, and a patch does not run without screening.
    const rig = await shared();
    await rig.worker.stop();
    try {
      for (const mode of form === 'whole'
        ? ['throw', 'hang', '"approve"', '{}', 'null', '"allowed"', '1']
        : ['throw']) {
        const broken = program({
          args: [],
          script: WORKER_WITH,
          ready: 'worker ready',
          env: { ...rig.envFor('worker'), BROKEN_SCREEN: mode },
        });
        await broken.start();
        const { id, payload_digest } = await openHeld(rig);
        const patch = await decide(rig, id, { type: 'patch', patched_payload: { amount: 1 }, payload_digest });
        await pause(500);
        const end = await detail(rig, id);
        count.check(
          end.status !== 'approved' && ![200, 201].includes(patch.status),
          () => `screen answers ${mode}: ${end.status}, the patch ${patch.status}`,
        );
        await broken.kill();
      }
    } finally {
      await rig.restore('worker');
    }
  },
};

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

export const hostile: Suite = {
  name: 'hostile bodies',
  promises: ['bounded cost'],
  async run({ rig: shared }, count) {
    const rig: Rig = await shared();
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
      if (id) rig.oracle.answers.push({ request_id: id, what: 'opened' });
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
    const attacker = new Worker(new URL('../../faults/attacker.mjs', import.meta.url), {
      workerData: { url: `${rig.url}/api/ingest`, key: rig.agent_api_key, bodies },
    });
    await once(attacker, 'online');
    const under = await calls();
    attacker.postMessage('end');
    const [hits] = (await once(attacker, 'message')) as [number];
    count.note(
      `${Object.keys(CORPUS).length} bodies; most CPU per MB ${worst.perMb.toFixed(0)} ms (${worst.name}; promised 100); memory grew by more than 64 MiB for ${grown.length === 0 ? 'none' : grown.join(', ')}; honest calls p50 ${percentile(calm, 0.5).toFixed(1)} and p99 ${percentile(calm, 0.99).toFixed(0)} ms calm, ${percentile(under, 0.5).toFixed(1)} and ${percentile(under, 0.99).toFixed(0)} ms beside ${hits} such bodies (promised: p99 less than twice)`,
    );
  },
};
