import { createFirstProject } from '../../storage/access/bootstrap.ts';
import type { Measured } from '../row.ts';
import type { BenchSystem } from './bench-system.ts';
import { expectStatus, send } from './http.ts';
import { cpuMs, residentMb, startOwn } from './processes.ts';
import { inFlight, p50, p95, pause, timed } from './timing.ts';

/** Pages of an inbox in a separate project: first with few rows, then with `rows` pending ones, copied by SQL. */
export async function inbox(system: BenchSystem, rows: number, reads: number): Promise<Measured[]> {
  const project = await createFirstProject({
    databaseUrl: system.program_env['DATABASE_URL']!,
    rootKey: system.program_env['LETSPING_ROOT_KEY']!,
    name: 'inbox',
    environment: 'test',
  });
  const example = await system.openRow();
  // A list unseals nothing, so all rows can share one sealed value.
  const fill = (from: number, to: number) =>
    system.owner.query(
      `insert into approval_requests (id, project_id, service, action, priority, status, verdict, held_by, finding_ids, requested_by, key_id, payload_digest,
         sealed, policy_version, policy_digest, accept_unsigned_signals, created_at, expires_at, workflow_started_at)
       select 'req_' || lpad(n::text, 26, '0'), $1, service, action, priority, status, verdict, held_by, finding_ids, requested_by, key_id, payload_digest,
         sealed, policy_version, policy_digest, accept_unsigned_signals, now() - n * interval '1 second', now() + interval '1 day', now()
       from approval_requests, generate_series($3::int, $4::int) n where id = $2`,
      [project.project_id, example.id, from, to],
    );
  const page = (cursor?: string) =>
    expectStatus<{ next: string | null }>(
      send(
        'GET',
        `${system.api_url}/approval-requests?status=pending&limit=50${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
        project.approver_api_key,
      ),
      200,
    );
  const measure = async (cursor?: string) => {
    const times: number[] = [];
    for (let i = -10; i < reads; i++) {
      const { ms } = await timed(() => page(cursor));
      if (i >= 0) times.push(ms);
    }
    return times;
  };
  const pages = async () => {
    await fill(1, 100);
    const few = await measure();
    await fill(101, rows);
    await system.owner.query('analyze approval_requests');
    const first = await measure();
    let cursor: string | undefined;
    for (let i = 0; i < 20; i++) cursor = (await page(cursor)).next ?? cursor;
    return { few, first, deep: await measure(cursor) };
  };
  await expectSuperuser(system);
  // Delete these rows: the reconciler would start a workflow for each of them.
  const { few, first, deep } = await pages().finally(() =>
    system.owner.query('delete from approval_requests where project_id = $1', [project.project_id]),
  );
  const name = `inbox, ${rows.toLocaleString('en')} pending`;
  return [
    {
      case: name,
      measure: 'first page of 50 p50, beside 100 pending',
      value: p50(first),
      unit: 'ms',
      baseline: p50(few),
    },
    {
      case: name,
      measure: 'first page of 50 p95, beside 100 pending',
      value: p95(first),
      unit: 'ms',
      baseline: p95(few),
      budget: { value: 50 },
    },
    {
      case: name,
      measure: 'page 21 p95, beside 100 pending',
      value: p95(deep),
      unit: 'ms',
      baseline: p95(few),
      budget: { value: 50 },
    },
  ];
}

/** Row-level security is forced on the tables' owner too; only a superuser bypasses it. */
async function expectSuperuser(system: BenchSystem): Promise<void> {
  const { rows } = await system.owner.query<{ super: boolean }>(
    'select rolsuper as super from pg_roles where rolname = current_user',
  );
  if (!rows[0]?.super) throw new Error('the inbox bench needs a database superuser to copy rows');
}

const SAMPLES = 30;
const COLLECTIONS = 3;

/**
 * Memory of a worker with few and with many waiting approvals. Before both measurements it has done the same amount of other work,
 * so that only the number of waiting approvals differs; each measurement starts when the worker is idle. Uncollected garbage is not a
 * cost of waiting: the budget applies to the memory after a garbage collection, and both values are reported.
 */
export async function memory(
  system: BenchSystem,
  few: number,
  many: number,
  say: (line: string) => void,
): Promise<Measured[]> {
  await system.killWorker();
  const worker = await startOwn('measured-worker', [], {
    ...system.program_env,
    NODE_OPTIONS: `--import=${new URL('./collect.js', import.meta.url).href}`,
  });
  /** `count` times, forty at a time, with a line for every thousand. */
  const each = (what: string, count: number, work: () => Promise<unknown>) => {
    let done = 0;
    return inFlight(count, 40, async () => {
      await work();
      if (++done % 1_000 === 0) say(`memory: ${done.toLocaleString('en')} of ${count.toLocaleString('en')} ${what}`);
    });
  };
  try {
    await each('decided', many - few, async () => {
      const input = await system.prepare('ours');
      await system.start('ours', input);
      await system.decide('ours', input, await system.decisionFor('ours', input));
    });
    let waiting = 0;
    const resident = async (count: number) => {
      await each('more started', count - waiting, async () => system.start('ours', await system.prepare('ours')));
      waiting = count;
      await quiet(worker.pid);
      const asItIs = await lowest(worker.pid);
      for (let i = 0; i < COLLECTIONS; i++) {
        process.kill(worker.pid, 'SIGUSR2');
        await pause(2_000);
      }
      return asItIs === undefined ? undefined : { asItIs, collected: (await lowest(worker.pid)) ?? asItIs };
    };
    const little = await resident(few);
    const much = await resident(many);
    if (little === undefined || much === undefined)
      return [{ case: 'waiting workflows', measure: 'worker memory', value: null, unit: 'skipped: no /proc' }];
    const name = `${many.toLocaleString('en')} waiting workflows`;
    const beside = `beside ${few.toLocaleString('en')}`;
    return [
      {
        case: name,
        measure: `worker memory after a collection, ${beside}`,
        value: much.collected,
        unit: 'MB',
        baseline: little.collected,
        budget: { ratio: 1.2 },
      },
      {
        case: name,
        measure: `worker memory as it is, ${beside}`,
        value: much.asItIs,
        unit: 'MB',
        baseline: little.asItIs,
      },
    ];
  } finally {
    await worker.stop();
    await system.restartWorker();
  }
}

/** Resident memory, the minimum of half a minute. */
async function lowest(pid: number): Promise<number | undefined> {
  const samples: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const mb = residentMb(pid);
    if (mb !== undefined) samples.push(mb);
    await pause(1_000);
  }
  return samples.length === 0 ? undefined : Math.min(...samples);
}

const IDLE_MS = 3_000;
const IDLE_WITHIN_MS = 10 * 60_000;

/** Waits until every workflow has had its first task and the worker is idle. */
async function quiet(pid: number): Promise<void> {
  const until = Date.now() + IDLE_WITHIN_MS;
  for (let before = Number.NEGATIVE_INFINITY; ; await pause(IDLE_MS)) {
    const now = cpuMs(pid);
    if (now === undefined || now - before < IDLE_MS / 20) return;
    if (Date.now() > until) throw new Error(`the worker still had work after ${IDLE_WITHIN_MS / 60_000} minutes`);
    before = now;
  }
}
