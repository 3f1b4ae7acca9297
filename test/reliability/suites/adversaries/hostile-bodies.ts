import { numbers, pooled, type Suite } from '../../suite.ts';
import { ADVERSARY_POLICY, Attempts, adversaryRig, attacked } from './attempts.ts';
import { costlyBodies } from './costly-bodies.ts';
import { answerFault, described, HostileClient } from './hostile-answers.ts';
import { HostileRequests, type OpenApi, type Stock } from './hostile-requests.ts';
import { Dice } from './hostile-values.ts';
import { exchanged, rawBytes, rawCases, rawFault } from './raw-sockets.ts';

/** Requests in flight. A key may have 20 large bodies waiting. */
const WIDTH = 12;
const RESTOCK_EVERY = 500;
const MOST_SHOWN = 25;

/**
 * Sends anything to every route, with keys of each role and with none. No answer is one of 5xx, every refusal is a documented
 * problem, and the process lives.
 */
export const hostileBodiesProgram: Suite = {
  name: 'adversaries: hostile bodies',
  isSeeded: true,
  promises: ['bounded cost'],
  async run({ form, seed, say, cell }, count) {
    const rig = await adversaryRig(say);
    const on = new Attempts(rig, count);
    const isWhole = form === 'whole';
    const pid = rig.api.pid;
    try {
      const stock = await stocked(on, await senders(on));
      const steps: Record<string, () => Promise<void>> = {
        'costly bodies': () => costlyBodies(on),
        'generated requests': () => generated(on, stock, seed, isWhole ? 100_000 : 2_000),
        'raw connections': () => raw(on, stock),
        'changed bytes': () => changed(on, stock, seed, isWhole ? 10_000 : 300),
      };
      await attacked(on, steps, say, cell);
      count.check(rig.api.pid === pid, () => 'the api ended');
      const errors = rig.api.log
        .split('\n')
        .filter((line) => /"code":"(?:internal|not_authentic)"|"alarm: (?:an uncaught|the thread)/.test(line));
      count.check(
        errors.length === 0,
        () => `the api logged ${errors.length} errors: ${errors.slice(0, 5).join('\n')}`,
      );
      await stocked(on, stock.keys);
      await on.honest('hostile bodies', await on.held());
      count.note(on.summary());
    } finally {
      await rig.stop();
    }
  },
};

export async function signIn({ rig }: Attempts): Promise<string> {
  const answer = await fetch(`${rig.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: rig.url },
    body: new URLSearchParams({ api_key: rig.approver_api_key }),
  });
  const cookie = answer.headers.getSetCookie()[0]?.split(';')[0];
  if (answer.status !== 303 || cookie === undefined) throw new Error(`signing in was answered ${answer.status}`);
  return cookie;
}

/** Everybody who sends: a key of each role, one that was revoked, one of another project. */
async function senders({ rig }: Attempts): Promise<Stock['keys']> {
  const gone = (await rig.call(rig.admin_api_key, 'POST', '/api/keys', { name: 'x', owner: 'gone', role: 'admin' }))
    .body;
  await rig.call(rig.admin_api_key, 'DELETE', `/api/keys/${gone.id}`);
  const keys = {
    agent: rig.agent_api_key,
    approver: rig.approver_api_key,
    admin: rig.admin_api_key,
    revoked: gone.api_key,
    foreign: (await rig.foreign()).admin_api_key,
  };
  return Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, `Bearer ${key}`]));
}

/**
 * What is there to be attacked: held requests, keys that may be revoked, a cursor, a session, and the policy. Requests decide,
 * revoke and replace these, so they are made again from time to time.
 */
async function stocked(on: Attempts, keys: Stock['keys']): Promise<Stock> {
  const { rig } = on;
  const restored = await rig.call(rig.admin_api_key, 'PUT', '/api/policy?reason=as+before', ADVERSARY_POLICY);
  if (restored.status !== 200) throw new Error(`the policy was answered ${restored.status} ${restored.text}`);
  const [requests, made, page, cookie] = await Promise.all([
    Promise.all(Array.from({ length: 12 }, () => on.held())),
    Promise.all(
      Array.from({ length: 4 }, () =>
        rig.call(rig.admin_api_key, 'POST', '/api/keys', { name: 'x', owner: 'x', role: 'agent' }),
      ),
    ),
    rig.call(rig.approver_api_key, 'GET', '/api/approval-requests?limit=1'),
    signIn(on),
  ]);
  return {
    url: rig.url,
    keys,
    cookie,
    requests,
    key_ids: made.map(({ body }) => body.id),
    cursors: [page.body.next ?? 'none'],
  };
}

async function livez({ rig, count }: Attempts, when: string): Promise<void> {
  const status = await fetch(`${rig.url}/livez`, { signal: AbortSignal.timeout(10_000) }).then(
    (answer) => answer.status,
    () => 0,
  );
  count.check(status === 200, () => `/livez was answered ${status} ${when}`);
}

/** The same fault at many requests is one finding. */
class Faults {
  readonly #seen = new Map<string, number>();
  readonly #count: Attempts['count'];
  constructor({ count }: Attempts) {
    this.#count = count;
  }
  add(route: string, what: string, line: () => string): void {
    const kind = `${route} ${what.replaceAll(/req_\w+|key_\w+|[0-9a-f-]{36}/g, '…').slice(0, 160)}`;
    const times = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, times);
    if (times === 1 && this.#seen.size <= MOST_SHOWN) this.#count.fail(line());
  }
  close(): void {
    const all = [...this.#seen.values()].reduce((sum, times) => sum + times, 0);
    this.#count.check(all === 0, () => `${all} answers break the rule, in ${this.#seen.size} ways`);
  }
}

async function generated(on: Attempts, stock: Stock, seed: number, times: number): Promise<void> {
  const { rig } = on;
  const document = (await rig.call('', 'GET', '/api/openapi.json')).body as OpenApi;
  const requests = new HostileRequests(document, stock);
  const client = new HostileClient(rig.url, WIDTH);
  const faults = new Faults(on);
  const statuses = new Map<number, number>();
  try {
    await pooled(Array.from({ length: times }), WIDTH, async (_, at) => {
      if (at % RESTOCK_EVERY === 0) {
        await livez(on, `before request ${at}, seed ${seed}`);
        Object.assign(stock, await stocked(on, stock.keys));
      }
      const hostile = requests.make(new Dice(numbers(seed * 1_000_003 + at)));
      const answer = await client.send(hostile);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const fault = answerFault(hostile, answer);
      if (fault)
        faults.add(
          `${hostile.method} ${hostile.path.split(/[?%]/)[0]}`,
          fault,
          () => `seed ${seed}, request ${at}: ${fault} — ${described(hostile)}`,
        );
    });
  } finally {
    client.end();
  }
  faults.close();
  on.tried(`generated request over ${requests.routes} routes`, times);
  on.count.note(
    `answers: ${[...statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, n]) => `${n} × ${status}`)
      .join(', ')}`,
  );
  if (client.repeated > 0)
    on.count.note(`${client.repeated} answers were 503 on a busy machine, and the next attempt was not`);
  await livez(on, 'after the generated requests');
}

async function raw(on: Attempts, stock: Stock): Promise<void> {
  const port = Number(new URL(stock.url).port);
  await pooled(Object.entries(rawCases(stock.keys['agent']!)), WIDTH, async ([name, { pieces, end, status }]) => {
    const bytes = await exchanged(port, pieces, end);
    const first = Number(/HTTP\/1\.1 ([2-5]\d\d)/.exec(bytes.toString('latin1'))?.[1] ?? 0);
    on.tried('raw connection');
    on.count.check(
      status === 'any' || first === (status === 'none' ? 0 : status),
      () => `${name}: answered ${first || 'nothing'}, and not ${status}: ${bytes.toString('latin1').slice(0, 300)}`,
    );
    const fault = rawFault(bytes);
    on.count.check(fault === undefined, () => `${name}: ${fault}`);
  });
  await livez(on, 'after the raw connections');
}

async function changed(on: Attempts, stock: Stock, seed: number, times: number): Promise<void> {
  const document = (await on.rig.call('', 'GET', '/api/openapi.json')).body as OpenApi;
  const requests = new HostileRequests(document, stock);
  const port = Number(new URL(stock.url).port);
  const faults = new Faults(on);
  await pooled(Array.from({ length: times }), WIDTH, async (_, at) => {
    const dice = new Dice(numbers(seed * 1_000_033 + at));
    const hostile = requests.make(dice);
    const bytes = rawBytes(hostile, dice);
    if (hostile.isPage) return; // refused with a page
    const got = await exchanged(port, [bytes], 'end');
    let fault: string | undefined;
    try {
      fault = rawFault(got);
    } catch (error) {
      fault = (error as Error).message;
    }
    if (fault)
      faults.add(
        hostile.method,
        fault,
        () => `seed ${seed}, bytes ${at}: ${fault} — ${JSON.stringify(bytes.toString('latin1').slice(0, 900))}`,
      );
  });
  faults.close();
  on.tried('request of changed bytes', times);
  await livez(on, 'after the changed bytes');
}
