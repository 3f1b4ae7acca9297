import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Approvals } from './approvals.ts';
import { createGround, type Ground } from './fixtures.ts';
import { createRunning, type Running } from './temporal.ts';

const PROCESS = fileURLToPath(new URL('./resume-process.mjs', import.meta.url));
const children: ChildProcess[] = [];
let ground: Ground;
let running: Running;
let dir: string;
beforeAll(async () => {
  if (!existsSync(new URL('../../../dist/integrations/langgraph/index.js', import.meta.url)))
    throw new Error('these tests need the built code: npm run build');
  dir = mkdtempSync(join(tmpdir(), 'letsping-kill-'));
  ground = await createGround();
  running = await createRunning();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await running.stop();
  await ground.database.drop();
  rmSync(dir, { recursive: true });
});

async function setUp() {
  const { project_id, store } = await ground.project();
  const lp = new Approvals(ground.database.pool, ground.keyring, project_id);
  const thread_id = crypto.randomUUID();
  const file = join(dir, thread_id);
  const queue = `team-${thread_id}`;
  writeFileSync(file, '');
  const options = {
    database_url: ground.database.app_url,
    root_key: ground.root_key,
    project_id,
    thread_id,
    file,
    address: inject('temporalAddress'),
    namespace: inject('temporalNamespace'),
    queue,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [
    PROCESS,
    JSON.stringify({ mode: 'start', ...options }),
  ]);
  const interrupt_ids = JSON.parse(stdout) as string[];
  const request_ids: string[] = [];
  for (const interrupt_id of interrupt_ids) {
    const { id } = await lp.open({ service: 's', action: 'pay', payload: {}, context: { thread_id } });
    await store.linkInterrupt({ thread_id, interrupt_id, graph: 'pair', request_ids: [id] });
    await lp.decide(id, { status: 'approved' });
    request_ids.push(id);
  }
  const lines = () => readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return {
    lines,
    /** Starts a process with a resume worker; `hang` names the node in which it hangs. */
    worker(hang?: 'x' | 'join') {
      const child = spawn(process.execPath, [PROCESS, JSON.stringify({ mode: 'resume', hang, ...options })], {
        stdio: 'ignore',
      });
      children.push(child);
      return child;
    },
    reached: (line: string) => expect.poll(lines, { timeout: 20_000, interval: 20 }).toContain(line),
    answered: () => running.answered(lp, ground, thread_id, request_ids, queue),
    apart: () => running.apart(lp, ground, thread_id, 'pair', interrupt_ids, queue),
  };
}

const count = (lines: string[], line: string) => lines.filter((each) => each === line).length;

test.concurrent('a worker killed before the effect: another continues, and the effect happens once', {
  timeout: 60_000,
}, async () => {
  const t = await setUp();
  const result = t.answered();
  const first = t.worker('x');
  await t.reached('x answered');
  first.kill('SIGKILL');
  const second = t.worker();

  expect(await result).toMatchObject({ next: [], failed: [] });
  second.kill('SIGKILL');
  expect(count(t.lines(), 'x effect')).toBe(1);
  expect(count(t.lines(), 'join')).toBe(1);
});

test.concurrent('a worker killed in the node after the effects: no finished effect happens again', {
  timeout: 60_000,
}, async () => {
  const t = await setUp();
  const result = t.answered();
  const first = t.worker('join');
  await t.reached('join');
  first.kill('SIGKILL');
  const second = t.worker();

  expect(await result).toMatchObject({ next: [], failed: [] });
  second.kill('SIGKILL');
  expect(
    t
      .lines()
      .filter((line) => line.endsWith('effect'))
      .toSorted(),
  ).toEqual(['x effect', 'y effect']);
  expect(count(t.lines(), 'end')).toBe(1);
});

test.concurrent('two processes with one answer each: both finish, and each effect happens once', {
  timeout: 60_000,
}, async () => {
  const t = await setUp();
  const workers = [t.worker(), t.worker()];
  const results = await t.apart();
  for (const worker of workers) worker.kill('SIGKILL');

  expect(results.flatMap(({ resumed }) => resumed)).toHaveLength(2);
  expect(results.flatMap(({ failed }) => failed)).toEqual([]);
  for (const line of ['x effect', 'y effect', 'join', 'end']) expect([line, count(t.lines(), line)]).toEqual([line, 1]);
});
