import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** Agents in processes of their own, of which the first is killed with SIGKILL at a step. */
let system: TestSystem;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'letsping-claims-'));
  system = await createSystem({
    policy: { default_routing: 'review_all', routes: [{ service: 'auto', routing: 'observe' }] },
  });
  await system.startWorker();
});
afterAll(async () => {
  await system?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const AGENT = fileURLToPath(new URL('../faults/claiming-agent.mjs', import.meta.url));
const STEPS = ['before the claim', 'after the claim', 'in the effect', 'after the effect', 'after done'] as const;

let numbered = 0;
/** One action of processes that share an Idempotency-Key, as after a restart. */
function action(service: 'auto' | 'held', retryable: boolean) {
  const name = `order-${numbered++}`;
  const effects = join(folder, name);
  const options = { service, action: 'refund', payload: { order: name }, idempotencyKey: name, retryable };
  return {
    name,
    acted: () => (existsSync(effects) ? readFileSync(effects, 'utf8').trim().split('\n') : []),
    /** Runs the agent to its end. @returns what it printed, or the signal that ended it */
    async run(crashAt = ''): Promise<any> {
      const agent = spawn(process.execPath, [AGENT], {
        env: {
          PATH: process.env['PATH'],
          LETSPING_API_KEY: system.agent_api_key,
          LETSPING_BASE_URL: system.api.url,
          CRASH_AT: crashAt,
          EFFECTS: effects,
          OPTIONS: JSON.stringify(options),
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      agent.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
      });
      const ended = new Promise<NodeJS.Signals | null>((resolve) => agent.once('exit', (_, signal) => resolve(signal)));
      if (service === 'held') await approved(name);
      const signal = await ended;
      return signal ?? JSON.parse(out);
    },
  };
}

/** A person approves the action as soon as it is there. */
async function approved(order: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { body } = await system.call(system.approver_api_key, 'GET', '/api/approval-requests?service=held&limit=1');
    const [newest] = body.items;
    if (newest) {
      const path = `/api/approval-requests/${newest.id}`;
      const { payload, payload_digest, status } = (await system.call(system.approver_api_key, 'GET', path)).body;
      if (payload.order === order) {
        if (status === 'pending')
          await system.call(system.approver_api_key, 'POST', `${path}/decisions`, { type: 'approve', payload_digest });
        return;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${order} was never requested`);
}

const rows = async (order: string): Promise<any[]> => {
  const { body } = await system.call(system.approver_api_key, 'GET', '/api/approval-requests?limit=50');
  for (const { id } of body.items) {
    const { payload } = (await system.call(system.approver_api_key, 'GET', `/api/approval-requests/${id}`)).body;
    if (payload.order === order)
      return (await system.database.asOwner('select * from claims where request_id = $1 order by attempt', [id])).rows;
  }
  return [];
};

/** Six minutes pass for the claim, with its MAC: as if the claimant had been silent so long. */
async function sixMinutesLater(order: string): Promise<void> {
  const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(system.database.pool));
  const sealer = await keyring.sealer(system.project_id);
  const row = (await rows(order)).at(-1);
  const earlier = (at: Date) => new Date(at.getTime() - 6 * 60_000);
  const past = { ...row, claimed_at: earlier(row.claimed_at), unknown_after: earlier(row.unknown_after) };
  await system.database.asOwner(
    'update claims set claimed_at = $2, unknown_after = $3, mac = $4 where request_id = $1 and attempt = $5',
    [row.request_id, past.claimed_at, past.unknown_after, sealer.macOf('claim', row.request_id, past), row.attempt],
  );
}

describe.each(['auto', 'held'] as const)('a process that is killed, of an action that is %s', (service) => {
  test.each(STEPS)('%s: at most one effect, and one row for each claim', async (step) => {
    const one = action(service, false);
    expect(await one.run(step)).toBe('SIGKILL');
    const [before, claimed] = [one.acted().length, (await rows(one.name)).length];
    const second = await one.run();

    if (step === 'before the claim') {
      expect([before, claimed, second]).toEqual([0, 0, { result: 'acted' }]);
      expect(await rows(one.name)).toMatchObject([{ attempt: 1, ended: 'done' }]);
    } else {
      expect(before).toBe(step === 'after the claim' ? 0 : 1);
      const isDone = step === 'after done';
      expect(second).toEqual(
        isDone ? { code: 'executed_already', state: 'done' } : { code: 'permit_claimed', state: 'claimed' },
      );
      expect(await rows(one.name)).toMatchObject([{ attempt: 1, ended: isDone ? 'done' : null }]);
    }
    expect(one.acted().length).toBeLessThanOrEqual(1);
    if (step === 'before the claim' || step === 'after done') return;

    // Silent for too long, it is unknown, and still nobody acts: a person looks, and permits another attempt.
    await sixMinutesLater(one.name);
    expect(await one.run()).toEqual({ code: 'permit_unknown', state: 'unknown' });
    const [{ request_id }] = (await rows(one.name)) as [{ request_id: string }];
    const closed_as = before === 1 ? 'done' : 'not_run';
    const path = `/api/approval-requests/${request_id}/claim/close`;
    expect((await system.call(system.approver_api_key, 'POST', path, { closed_as, attempt: 1 })).status).toBe(200);
    expect(await one.run()).toEqual(before === 1 ? { code: 'executed_already', state: 'done' } : { result: 'acted' });
    expect(one.acted()).toEqual([request_id]);
  });

  test('in the effect, where both claims are retryable: the next one acts after the time, under the same id', async () => {
    const one = action(service, true);
    expect(await one.run('in the effect')).toBe('SIGKILL');
    expect(await one.run()).toEqual({ code: 'permit_claimed', state: 'claimed' });
    await sixMinutesLater(one.name);
    expect(await one.run()).toEqual({ result: 'acted' });
    const [first, second] = one.acted();
    expect(second).toBe(first);
    expect(await rows(one.name)).toMatchObject([
      { attempt: 1, ended: null },
      { attempt: 2, ended: 'done' },
    ]);
  });
});

test('two processes that run the same approved action at once: one acts', async () => {
  for (const service of ['auto', 'held'] as const) {
    const one = action(service, false);
    const answers = await Promise.all([one.run(), one.run(), one.run()]);
    expect(answers.filter((answer) => answer.result === 'acted')).toHaveLength(1);
    for (const answer of answers)
      if (answer.result === undefined) expect(answer.code).toMatch(/^(?:permit_claimed|executed_already)$/);
    expect(one.acted()).toHaveLength(1);
  }
});
