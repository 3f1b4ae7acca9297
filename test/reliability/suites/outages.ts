import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { leasePort } from '../../../cli/services/ports.ts';
import { ensureAppLogin } from '../../../storage/db/app-login.ts';
import { migrate } from '../../../storage/db/migrate.ts';
import { type Program, preload, program } from '../../faults/program.ts';
import { createRig, type Rig } from '../../faults/rig.ts';
import type { Edge } from '../../faults/traps.ts';
import {
  decide,
  judged,
  type Opened,
  openHeld,
  POLICY,
  pause,
  pooled,
  resolved,
  type Suite,
  violationLine,
} from '../suite.ts';
import { Driver } from './kill-matrix.ts';
import { removedPayloads } from './removed-payloads.ts';

const EDGES: Record<'temporal' | 'postgres', Edge[]> = {
  temporal: ['api-temporal', 'worker-temporal'],
  postgres: ['api-postgres', 'worker-postgres'],
};

interface Load {
  opened: Opened[];
  statuses: Map<string, number>;
  slowestMs: number;
  stop(): Promise<void>;
}

/** Opens and decides requests continuously; records the answers for the oracle. */
function load(rig: Rig): Load {
  const opened: Opened[] = [];
  const statuses = new Map<string, number>();
  const result: Load = { opened, statuses, slowestMs: 0, stop: async () => {} };
  let over = false;
  const seen = (what: string, status: number | string, from: number) => {
    const name = `${what} ${status}`;
    statuses.set(name, (statuses.get(name) ?? 0) + 1);
    result.slowestMs = Math.max(result.slowestMs, Date.now() - from);
  };
  const lane = async () => {
    for (let n = 0; !over; n++) {
      let from = Date.now();
      try {
        const action = { service: 'billing-agent', action: 'refund', payload: { n } };
        const { status, body } = await rig.call(rig.agent_api_key, 'POST', '/api/ingest', action);
        seen('ingest', status, from);
        if (status === 201) {
          opened.push(body);
          rig.oracle.answers.push({ request_id: body.id, what: 'opened' });
          from = Date.now();
          const answer = await decide(rig, body.id, { type: 'approve', payload_digest: body.payload_digest });
          seen('decide', answer.status, from);
          if (answer.status === 201)
            rig.oracle.answers.push({
              request_id: body.id,
              what: 'decided',
              outcome: answer.body.outcome,
              decision_id: answer.body.decision_id,
            });
        }
      } catch {
        seen('call', 'unanswered', from);
      }
      await pause(150);
    }
  };
  const lanes = [lane(), lane(), lane()];
  result.stop = async () => {
    over = true;
    await Promise.all(lanes);
  };
  return result;
}

const outage = (who: 'temporal' | 'postgres', weather: 'refuse' | 'black_hole'): Suite => ({
  name: `${who} away under load (${weather === 'refuse' ? 'refused' : 'black hole'})`,
  promises: who === 'temporal' ? ['not lost', 'one resolution', 'deadline'] : ['not lost', 'receipt'],
  async run({ form, say }, count) {
    const rig = await createRig({ policy: POLICY, say });
    try {
      const awayMs = form === 'whole' ? 60_000 : 6_000;
      const lapsing = await openHeld(rig, { expires_in_ms: Math.max(1_500, awayMs - 2_000) });
      const running = load(rig);
      await pause(1_500);
      for (const edge of EDGES[who]) await rig.gates[edge].set({ kind: weather });
      // Calls from before the outage may still be answered; after this pause every answer is from the outage.
      await pause(3_000);
      running.statuses.clear();
      running.slowestMs = 0;
      await pause(awayMs - 4_000);
      const live = await rig.call('', 'GET', '/livez').catch(() => ({ status: 0 }));
      const ready = await rig.call('', 'GET', '/readyz').catch(() => ({ status: 0 }));
      const during = new Map(running.statuses);
      const slowest = running.slowestMs;
      count.check(live.status === 200, () => `livez ${live.status} while ${who} is away`);
      count.check(ready.status === 503, () => `readyz ${ready.status} while ${who} is away`);
      await pause(1_000);
      for (const edge of EDGES[who]) await rig.gates[edge].set({ kind: 'clear' });
      const back = Date.now();
      if (who === 'temporal')
        count.check(!during.has('decide 201') && !during.has('ingest 503'), () => `during: ${[...during].join(', ')}`);
      else
        count.check(!during.has('ingest 201') && !during.has('decide 201'), () => `during: ${[...during].join(', ')}`);
      count.check(
        ![...during.keys()].some((name) => name.endsWith(' 500')),
        () => `answers of 500: ${[...during].join(', ')}`,
      );
      if (who === 'postgres') count.check(slowest <= 10_500, () => `a request hung for ${slowest} ms`);
      const probe = async () => {
        const answer = await rig
          .call(rig.agent_api_key, 'POST', '/api/ingest', { service: 'auto', action: 'read', payload: {} })
          .catch(() => undefined);
        return answer?.status === 201;
      };
      while (!(await probe()) && Date.now() - back < 30_000) await pause(200);
      const served = Date.now() - back;
      count.check(served <= 10_000, () => `errors continued for ${served} ms`);
      await running.stop();
      const end = await resolved(rig, lapsing.id);
      const late = Date.now() - back;
      count.check(
        end?.outcome?.cause === 'deadline',
        () => `the deadline during the outage: ${end?.status ?? 'pending'}`,
      );
      // The reconciler starts requests acknowledged during the outage; then they are decided.
      await pooled(running.opened, 6, async ({ id, payload_digest }) => {
        for (let tries = 0; tries < 200; tries++) {
          const { status } = await decide(rig, id, { type: 'approve', payload_digest }).catch(() => ({ status: 0 }));
          if ([200, 201, 409].includes(status)) return;
          await pause(300);
        }
      });
      const { violations, ms } = await rig.oracle.settle({}, 60_000);
      count.check(violations.length === 0, () => violations.slice(0, 8).map(violationLine).join('; '));
      count.pass(running.opened.length);
      count.note(
        `away ${awayMs / 1000} s; during: ${[...during].map(([name, n]) => `${n} × ${name}`).join(', ')}; serving again after ${(served / 1000).toFixed(1)} s, the deadline answered after ${(late / 1000).toFixed(1)} s, no violation ${(ms / 1000).toFixed(1)} s later`,
      );
    } finally {
      await rig.stop();
    }
  },
});

export const temporalAway = outage('temporal', 'refuse');
export const postgresAway = outage('postgres', 'black_hole');

/** Seeded faults in every statement, and random network faults. */
export const faults: Suite = {
  name: 'store and network faults',
  promises: ['not lost', 'one resolution', 'receipt'],
  isSeeded: true,
  async run({ form, seed, random, say }, count) {
    const faulty = { imports: [preload('store-faults.mjs')] };
    const rig = await createRig({ policy: POLICY, say, api: faulty, worker: faulty, start: false });
    try {
      const on = { FAULT_RATE: '0.03', FAULT_SEED: String(seed) };
      await Promise.all([rig.api.start(), rig.worker.start()]);
      await Promise.all([rig.api.stop(), rig.worker.stop()]);
      // A fault may end a start; a supervisor repeats it.
      const supervised = async (one: Program) => {
        for (let attempt = 1; ; attempt++) {
          const error = await one.start(on).then(
            () => undefined,
            (error) => error,
          );
          if (error === undefined) return;
          if (attempt === 5) throw error;
        }
      };
      await Promise.all([supervised(rig.api), supervised(rig.worker)]);
      const driver = new Driver(rig);
      let over = false;
      const edges = Object.keys(rig.gates) as Edge[];
      const storm = (async () => {
        while (!over) {
          await pause(200 + random() * 600);
          const gate = rig.gates[edges[Math.floor(random() * edges.length)]!];
          const kind = Math.floor(random() * 5);
          if (kind === 0) gate.reset();
          else if (kind === 1) gate.cutAfter(Math.floor(random() * 200));
          else {
            await gate.set(
              kind === 2 ? { kind: 'latency', ms: 50 } : kind === 3 ? { kind: 'drop_down' } : { kind: 'drop_up' },
            );
            await pause(random() * 400);
            await gate.set({ kind: 'clear' });
          }
        }
      })();
      await pooled(Array.from({ length: form === 'whole' ? 300 : 16 }), 16, async (_, at) => {
        try {
          const opened = await driver.request(`fault-${seed}-${at}`, false, undefined);
          await driver.approve(opened);
          const end = await driver.status(opened.id);
          count.check(end.status === 'approved', () => `${opened.id}: ${end.status}`);
          if (end.status === 'approved') await driver.execute(opened);
          const { body } = await driver.allowed(`fault-allowed-${seed}-${at}`);
          count.check(body.outcome?.status === 'approved', () => `allowed ${body.id}: ${body.status}`);
        } catch (error) {
          count.fail((error as Error).message);
        }
      });
      over = true;
      await storm;
      for (const name of ['api', 'worker'] as const)
        if (!count.check(rig[name].pid !== undefined, () => `${name} ended by itself: ${rig[name].log.slice(-1_000)}`))
          await rig.restore(name);
      const injected = [rig.api, rig.worker].map(({ log }) => log.split('fault ').length - 1);
      await Promise.all([rig.api.kill(), rig.worker.kill()]);
      await Promise.all([rig.api.start(), rig.worker.start()]);
      await judged(rig, count, {}, 60_000);
      count.note(`${injected[0]} faults in the api, ${injected[1]} in the worker, and the four wires disturbed`);
    } finally {
      await rig.stop();
    }
  },
};

/** Calls at once of which some share a statement. */
const TOGETHER = 18;

/** The process kills itself at a named step, like a crash; the supervisor restarts it, the caller retries. */
export const crashPoints: Suite = {
  name: 'crash points',
  promises: ['not lost', 'one resolution'],
  async run({ form, say }, count) {
    const rig = await createRig({
      policy: POLICY,
      say,
      api: { imports: [preload('crash-at.mjs')] },
      worker: { imports: [preload('crash-at.mjs')] },
      start: false,
      env: { CRASH_AT: 'request-written.before:1000000' },
    });
    try {
      await Promise.all([rig.api.start(), rig.worker.start()]);
      const driver = new Driver(rig);
      const points = [
        ['worker', 'ledger-written.before'],
        ['worker', 'ledger-written.inside'],
        ['worker', 'ledger-written.after-commit'],
        ['worker', 'notice-sent.before'],
        ['worker', 'verdict-read.after-commit'],
        ['api', 'notice-sent.before'],
        ['api', 'start-marked.after-commit'],
        ['api', 'execution-reported.before'],
        ['api', 'execution-reported.inside'],
        ['api', 'request-written.after-commit'],
        ['api', 'request-written.before'],
      ] as const;
      for (const [at, [victim, point]] of points.slice(0, form === 'whole' ? points.length : 3).entries()) {
        await rig[victim].kill();
        await rig[victim].start({ CRASH_AT: `${point}:1` });
        const crashed = rig[victim].gone().then(() => rig[victim].start());
        const opened = await driver.request(`crash-${at}`, false, undefined);
        await driver.approve(opened);
        const end = await driver.status(opened.id);
        await driver.execute(opened);
        const came = await Promise.race([crashed.then(() => true), pause(15_000).then(() => false)]);
        count.check(came, () => `${victim} ${point}: its moment was never reached`);
        say(`${victim} ${point}`);
        count.check(end.status === 'approved', () => `${victim} ${point}: ${end.status}`);
        await judged(rig, count, { ids: [opened.id] }, 45_000);
      }
      // An allowed action is one statement and its own transaction, so there is no `inside`.
      for (const point of ['request-written.before', 'request-written.after-commit']) {
        await rig.api.kill();
        await rig.api.start({ CRASH_AT: `${point}:1` });
        const crashed = rig.api.gone().then(() => rig.api.start());
        const { body } = await driver.allowed(`crash-allowed-${point}`);
        const came = await Promise.race([crashed.then(() => true), pause(15_000).then(() => false)]);
        count.check(came, () => `api ${point}, allowed: its moment was never reached`);
        say(`api ${point}, allowed`);
        count.check(body.outcome?.status === 'approved', () => `api ${point}, allowed: ${body.status}`);
        await judged(rig, count, { ids: [body.id] }, 45_000);
      }
      // Allowed actions in flight share a statement: between its commit and their answers all of them are without one.
      for (const point of ['requests-written-together.before', 'requests-written-together.after-commit']) {
        await rig.api.kill();
        await rig.api.start({ CRASH_AT: `${point}:1` });
        const crashed = rig.api.gone().then(() => rig.api.start());
        const keys = Array.from({ length: TOGETHER }, (_, at) => `crash-together-${point}-${at}`);
        const answers = await Promise.all(keys.map((key) => driver.allowed(key)));
        const came = await Promise.race([crashed.then(() => true), pause(15_000).then(() => false)]);
        count.check(came, () => `api ${point}: its moment was never reached`);
        say(`api ${point}`);
        const ids = answers.map(({ body }) => body.id as string);
        count.check(
          new Set(ids).size === keys.length && answers.every(({ body }) => body.outcome?.status === 'approved'),
          () => `api ${point}: ${answers.map(({ body }) => `${body.id} ${body.status}`).join(', ')}`,
        );
        await judged(rig, count, { ids }, 45_000);
      }
      await removedPayloads(rig, count, say);
    } finally {
      await rig.stop();
    }
  },
};

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const runs = (args: string[], env: NodeJS.ProcessEnv) =>
  new Promise<number | null>((resolve) => {
    spawn(process.execPath, [MAIN, ...args], { env, stdio: 'ignore' }).once('exit', resolve);
  });

export const starts: Suite = {
  name: 'concurrent starts and migrations',
  promises: ['not lost'],
  async run({ form, rig: shared }, count) {
    const rig = await shared();
    for (let round = 0; round < (form === 'whole' ? 5 : 1); round++) {
      const name = `starts_${randomBytes(4).toString('hex')}`;
      await rig.sql(`create database ${name}`);
      const owner = new URL(rig.owner_url);
      owner.pathname = `/${name}`;
      const [applied, ...codes] = await Promise.all([
        Promise.all(Array.from({ length: 8 }, () => migrate(owner.href))),
        ...Array.from({ length: 2 }, () => runs(['migrate'], { ...rig.env, DATABASE_URL: owner.href })),
      ]);
      const all = applied.flatMap((migrated) => migrated.applied);
      count.check(
        new Set(all).size === all.length && codes.every((code) => code === 0),
        () => `migrations applied more than once: ${all.join(', ')}; exit codes ${codes.join(', ')}`,
      );
      const app_url = await ensureAppLogin(owner.href);
      const ports = await Promise.all(
        [0, 1].map((at) => leasePort(28_000 + at * 50 + Math.floor(Math.random() * 1_000))),
      );
      const programs = [
        ...ports.map(({ port }) =>
          program({
            args: ['api'],
            ready: '"api ready"',
            env: { ...rig.envFor('api'), DATABASE_URL: app_url, LETSPING_PORT: String(port) },
          }),
        ),
        ...[0, 1].map(() =>
          program({
            args: ['worker'],
            ready: '"worker ready"',
            env: { ...rig.envFor('worker'), DATABASE_URL: app_url, LETSPING_TASK_QUEUE: name },
          }),
        ),
      ];
      const started = await Promise.allSettled(programs.map((one) => one.start()));
      for (const result of started)
        count.check(result.status === 'fulfilled', () => String((result as PromiseRejectedResult).reason));
      const jwks = await Promise.all(
        ports.map(
          async ({ port }) =>
            (await (await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`)).json()) as { keys: object[] },
        ),
      );
      count.check(
        jwks.every(({ keys }) => keys.length === 1) && JSON.stringify(jwks[0]) === JSON.stringify(jwks[1]),
        () => `${jwks.map(({ keys }) => keys.length)} issuer keys after a first start of four processes`,
      );
      await Promise.all(programs.map((one) => one.kill()));
      for (const { release } of ports) release();
      await rig.temporal.schedule
        .getHandle(`reconcile/${name}`)
        .delete()
        .catch(() => {});
      await rig.sql(`drop database ${name} with (force)`);
      await rig.sql(`drop role if exists letsping_app_${name}`);
    }
  },
};
