import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { newId } from '../../../../crypto/ids.ts';
import { openThreadStore } from '../../../../storage/index.ts';
import { eventStream, type HeardEvent } from '../../../faults/event-stream.ts';
import { decide, detail, openHeld, pause, type Suite } from '../../suite.ts';
import { Attempts, adversaryRig, attacked } from './attempts.ts';

const CHANNELS = ['letsping', 'letsping_deliveries', 'letsping_revoked'] as const;
const LETTERS = ['o', 'h', 'p', 'r', 'e', 's'];
const LONGEST = 7_999;
const FLOOD = 5_000;
/** The stream is reset at the end of a second with too many notices. */
const HEARD_MS = 5_000;
/** An outbox row is started by its notice, after a flood at the end of that second, and else by the reconciler, which runs every 30 s. */
const DELIVERED_MS = 15_000;

/**
 * Any PostgreSQL login of the same server, without a right on a table. Where it may connect to the database it sends every kind of
 * notice on the product's channels, and hears and repeats genuine ones. Has no key.
 */
export const otherLoginProgram: Suite = {
  name: 'adversaries: other login',
  isSeeded: false,
  promises: ['not lost', 'one resolution', 'delivered', 'separate projects', 'bounded cost'],
  async run({ form, say, cell }, count) {
    const rig = await adversaryRig(say);
    const on = new Attempts(rig, count);
    const login = await stranger(on);
    const rounds = form === 'whole' ? 10 : 1;
    let attacker: Attacker | undefined;
    try {
      await refusedConnection(on, login);
      await rig.sql(`grant connect on database ${login.database} to ${login.name}`);
      attacker = await attack(on, login);
      const each = (step: (by: Attacker) => Promise<void>) => async () => {
        for (let round = 0; round < rounds; round++) await step(attacker!);
      };
      const steps: Record<string, () => Promise<void>> = {
        'no rights': () => noRights(on, attacker!),
        'unreadable notices': each((by) => unreadable(on, by)),
        'invented notices': each((by) => invented(on, by)),
        'repeated notices': each((by) => repeated(on, by)),
        deliveries: each((by) => deliveries(on, by)),
        floods: each((by) => floods(on, by)),
      };
      await attacked(on, steps, say, cell);
      await on.judged();
      count.note(`${on.summary()}; no process ended, no event was invented, and no delivery was repeated`);
    } finally {
      await attacker?.stop();
      await rig.stop();
    }
  },
};

interface Login {
  name: string;
  database: string;
  url: string;
}

async function stranger({ rig }: Attempts): Promise<Login> {
  const url = new URL(rig.owner_url);
  const [name, password] = [`stranger_${randomBytes(4).toString('hex')}`, randomBytes(12).toString('hex')];
  await rig.sql(`create role ${name} login password '${password}'`);
  Object.assign(url, { username: name, password });
  return { name, database: decodeURIComponent(url.pathname.slice(1)), url: url.href };
}

/** The database is the product's own, so `migrate` has revoked the right to connect. */
async function refusedConnection(on: Attempts, { url }: Login): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  const refusal = await client.connect().then(
    () => 'none',
    (error: Error) => error.message,
  );
  await client.end().catch(() => {});
  on.tried('connected');
  on.count.check(
    /permission denied for database/.test(refusal),
    () => `a stranger's connection was refused: ${refusal}`,
  );
}

interface Attacker {
  query(text: string, values?: unknown[]): Promise<pg.QueryResult>;
  send(channel: string, payloads: string[]): Promise<void>;
  /** Genuine notices that it heard, with their channels. */
  heard: [channel: string, payload: string][];
  /** Checks what must hold after an attack. */
  harmless(what: string): Promise<void>;
  stop(): Promise<void>;
}

async function attack(on: Attempts, { url }: Login): Promise<Attacker> {
  const { rig, count } = on;
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  const heard: Attacker['heard'] = [];
  const sent = new Set<string>();
  client.on('notification', ({ channel, payload = '' }) => {
    if (!sent.has(`${channel} ${payload}`)) heard.push([channel, payload]);
  });
  await client.query(CHANNELS.map((channel) => `listen ${channel}`).join('; '));
  const pids = () => `${rig.api.pid} ${rig.worker.pid}`;
  const before = pids();
  const approver = await eventStream(rig.url, rig.approver_api_key);
  const otherAgent = await eventStream(rig.url, await rig.key('adv-other-agent', 'agent'));
  return {
    query: (text, values) => client.query(text, values),
    heard,
    async send(channel, payloads) {
      for (const payload of payloads) sent.add(`${channel} ${payload}`);
      await client.query('select pg_notify($1, payload) from unnest($2::text[]) as payload', [channel, payloads]);
      on.tried(`notice on ${channel}`, payloads.length);
    },
    async harmless(what) {
      const { resets } = approver;
      const target = await on.held();
      await on.honest(what, target);
      const isHeard = () =>
        approver.resets > resets || approver.events.some(({ request_id }) => request_id === target.id);
      for (const end = Date.now() + HEARD_MS; !isHeard() && Date.now() < end; ) await pause(50);
      count.check(isHeard(), () => `${what}: the approver's stream missed ${target.id}`);
      count.check(pids() === before, () => `${what}: processes ${before} became ${pids()}`);
      for (const name of ['api', 'worker'] as const)
        count.check(!/uncaught|unhandled/i.test(rig[name].log), () => `${what}: ${name} has an uncaught error`);
      await truthful(on, what, approver.events);
      count.check(
        otherAgent.events.length === 0,
        () => `${what}: another agent heard ${otherAgent.events.length} events`,
      );
    },
    async stop() {
      approver.stop();
      otherAgent.stop();
      await client.end().catch(() => {});
    },
  };
}

/** Each event that was heard happened, at that time, and was heard once. */
async function truthful({ rig, count }: Attempts, what: string, events: readonly HeardEvent[]): Promise<void> {
  const rows = await rig.sql(
    `select r.id, r.created_at as opened, r.workflow_started_at as held, l.resolved_at as resolved, coalesce(x.closed_at, x.ended_at) as executed
     from approval_requests r left join ledger l on l.request_id = r.id left join claims x on x.request_id = r.id and coalesce(x.closed_as, x.ended) = 'done'`,
  );
  const known = new Map<string, any>(rows.map((row) => [row.id, row]));
  const invented = events.filter(({ event, request_id, occurred_at }) => {
    const at = known.get(request_id)?.[event.slice('approval_request.'.length)];
    return !at || at.toISOString() !== occurred_at;
  });
  count.check(invented.length === 0, () => `${what}: invented ${JSON.stringify(invented.slice(0, 3))}`);
  const names = events.map(({ event, request_id }) => `${event} ${request_id}`);
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  count.check(twice.length === 0, () => `${what}: heard twice ${twice.slice(0, 3)}`);
}

/** It reads and writes no table. */
async function noRights(on: Attempts, by: Attacker): Promise<void> {
  for (const statement of [
    'select * from approval_requests',
    'select * from ledger',
    'select * from api_keys',
    'insert into deliveries (id) values (1)',
    'create table x (a int)',
    'create temporary table x (a int)',
  ]) {
    const answer = await by.query(statement).then(
      () => 'an answer',
      (error: Error) => error.message,
    );
    on.tried('statement');
    on.count.check(/permission denied/.test(answer), () => `${statement}: ${answer}`);
  }
}

async function unreadable(on: Attempts, by: Attacker): Promise<void> {
  const target = await on.held();
  const texts = [
    '',
    ' ',
    'not json',
    'null',
    '[]',
    '{}',
    '"',
    '{"event":"approval_request.resolved"',
    JSON.stringify({ event: 'approval_request.resolved', request_id: target.id, project_id: on.rig.project_id }),
    JSON.stringify({ project_id: on.rig.project_id, delivery_id: 'dlv_x' }),
    '__proto__',
    'constructor',
    `z${target.id}`,
    `R${target.id}`,
    target.id,
    ` r${target.id}`,
    `r${target.id}\n`,
    `r${target.id}r`,
    `r${target.id.toUpperCase()}`,
    `rreq_${'z'.repeat(26)}`,
    `r' or true --`,
    'dlv_',
    `dlv_${'g'.repeat(32)}`,
    `dlv_${'0'.repeat(33)}`,
    'key_',
    '\u202e\ud83d\ude00',
    'r'.repeat(LONGEST),
    '{'.repeat(LONGEST),
    randomBytes(LONGEST / 2).toString('hex'),
  ];
  for (const channel of CHANNELS) await by.send(channel, texts);
  await on.pending('unreadable notices', target);
  await by.harmless('unreadable notices');
  await on.honest('unreadable notices', target);
}

/** Well-formed, of requests, keys and deliveries that do not exist or to which this did not happen. */
async function invented(on: Attempts, by: Attacker): Promise<void> {
  const { rig } = on;
  const pending = await on.held();
  const foreign = await rig.foreign();
  const theirs = (
    await rig.call(foreign.agent_api_key, 'POST', '/api/ingest', { service: 'billing-agent', action: 'a', payload: {} })
  ).body.id as string;
  const ids = [newId('req'), `req_${'0'.repeat(26)}`, pending.id, theirs];
  await by.send(
    'letsping',
    ids.flatMap((id) => LETTERS.map((letter) => `${letter}${id}`)),
  );
  await by.send('letsping_deliveries', [`dlv_${'0'.repeat(32)}`, ...ids]);
  const keys = (await rig.call(rig.admin_api_key, 'GET', '/api/keys')).body.items as { id: string }[];
  await by.send('letsping_revoked', [newId('key'), ...keys.map(({ id }) => id)]);
  await on.pending('invented notices', pending);
  await by.harmless('invented notices');
  for (const key of [rig.agent_api_key, rig.approver_api_key, rig.admin_api_key]) {
    const { status } = await rig.call(key, 'GET', '/api/approval-requests?limit=1');
    on.count.check(status === 200, () => `a key that nobody revoked was answered ${status}`);
  }
  await on.honest('invented notices', pending);
}

/** What it heard: the ids of others, sent again on every channel. */
async function repeated(on: Attempts, by: Attacker): Promise<void> {
  const { rig } = on;
  const target = await on.held();
  await on.honest('before repeated notices', target);
  const revoked = await rig.key(`adv-revoked-${target.id.slice(-6)}`, 'agent');
  const id = `key_${revoked.slice('lp_test_'.length, 'lp_test_'.length + 26)}`;
  await rig.call(rig.admin_api_key, 'DELETE', `/api/keys/${id}`);
  await pause(300);
  on.count.check(
    by.heard.some(([, payload]) => payload === `r${target.id}`) && by.heard.some(([, payload]) => payload === id),
    () => `the attacker did not hear the notices of ${target.id} and ${id}`,
  );
  on.count.check(
    by.heard.every(([, payload]) => /^[ohpres]?(req|dlv|key)_[0-9a-z]+$/.test(payload)),
    () => 'a notice has more than a letter and an id',
  );
  for (let time = 0; time < 3; time++)
    for (const channel of CHANNELS) {
      await by.send(channel, [...new Set(by.heard.slice(-100).map(([, payload]) => payload))]);
      await pause(50);
    }
  const { status } = await rig.call(revoked, 'GET', '/api/approval-requests?limit=1');
  on.count.check(status === 401, () => `a revoked key was answered ${status}`);
  await by.harmless('repeated notices');
}

const flooded = (make: () => string) => Array.from({ length: FLOOD }, make);

/** Outbox rows are delivered once, in a flood and while their notices are repeated. */
async function deliveries(on: Attempts, by: Attacker): Promise<void> {
  const { rig, count } = on;
  const { store, close } = await openThreadStore({
    databaseUrl: rig.app_url,
    rootKey: rig.env['LETSPING_ROOT_KEY']!,
    projectId: rig.project_id,
  });
  try {
    const thread_id = `thread-${randomBytes(4).toString('hex')}`;
    // Not for the oracle, which finds that no graph continues this thread.
    const target = await openHeld(rig, { context: { thread_id } });
    await decide(rig, target.id, { type: 'approve', payload_digest: target.payload_digest });
    // Its notice comes after more of them than a worker reads in a second.
    await by.send(
      'letsping_deliveries',
      flooded(() => `dlv_${randomBytes(16).toString('hex')}`),
    );
    await store.linkInterrupt({ thread_id, interrupt_id: target.id, graph: 'g', request_ids: [target.id] });
    const [row] = await rig.sql('select id from deliveries where request_id = $1', [target.id]);
    for (let time = 0; time < 5; time++) {
      await by.send('letsping_deliveries', [row.id]);
      await pause(40);
    }
    let delivered: Date | null = null;
    for (const end = Date.now() + DELIVERED_MS; !delivered && Date.now() < end; await pause(200))
      delivered = (await rig.sql('select delivered_at from deliveries where id = $1', [row.id]))[0].delivered_at;
    await by.send('letsping_deliveries', [row.id]);
    await by.harmless('deliveries');
    const handle = rig.temporal.workflow.getHandle(`delivery/${row.id}`);
    const { events = [] } = await handle.fetchHistory();
    const calls = (events ?? []).filter(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled).length;
    count.check(
      delivered !== null && calls === 1,
      () => `a delivery: delivered ${delivered}, ${calls} attempts (${row.id})`,
    );
    let signals = 0;
    for (const id of (await rig.oracle.histories.runs('resumeThreadV1')).keys()) {
      const resumed = await rig.temporal.workflow.getHandle(id).fetchHistory();
      for (const { workflowExecutionSignaledEventAttributes: signal } of resumed.events ?? [])
        if (
          JSON.stringify(signal?.input?.payloads?.map(({ data }) => Buffer.from(data ?? []).toString()))?.includes(
            target.id,
          )
        )
          signals += 1;
    }
    count.check(signals === 1, () => `a thread got the answer ${signals} times (${row.id})`);
    const again = (await rig.sql('select delivered_at from deliveries where id = $1', [row.id]))[0].delivered_at;
    count.check(again?.getTime() === delivered?.getTime(), () => `a delivery was made again (${row.id})`);
    on.tried('delivery with repeated notices');
  } finally {
    await close();
  }
}

/** More notices than a listener reads: an honest approval in the middle, and a held read that waits for it. */
async function floods(on: Attempts, by: Attacker): Promise<void> {
  const flood: Record<string, () => [channel: string, payloads: string[]]> = {
    'unknown requests': () => ['letsping', flooded(() => `r${newId('req')}`)],
    'unknown deliveries': () => ['letsping_deliveries', flooded(() => `dlv_${randomBytes(16).toString('hex')}`)],
    'unknown keys': () => ['letsping_revoked', flooded(() => newId('key'))],
    'unreadable texts': () => ['letsping', flooded(() => 'x'.repeat(1_000) + randomBytes(8).toString('hex'))],
  };
  for (const [what, texts] of Object.entries(flood)) {
    const target = await on.held();
    const [channel, payloads] = texts();
    const sending = by.send(channel, payloads);
    await on.honest(`a flood of ${what}`, target);
    await sending;
    await by.harmless(`a flood of ${what}`);
    const { status } = await detail(on.rig, target.id);
    on.count.check(status === 'approved', () => `a flood of ${what}: ${status} (${target.id})`);
  }
}
