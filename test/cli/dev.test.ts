import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test, vi } from 'vitest';
import { plainLine } from '../../cli/plain-line.ts';
import { rememberPorts } from '../../cli/services/data-dir.ts';
import { isAlive } from '../../cli/services/process-identity.ts';
import { type ProcessRecord, readRecords } from '../../cli/services/process-records.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const { DATABASE_URL: _url, TEMPORAL_ADDRESS: _address, ...env } = process.env;
const root = mkdtempSync(join(tmpdir(), 'letsping-dev-'));
const dataDir = join(root, 'data');
const started: { child: ChildProcess; exited: Promise<number | null> }[] = [];

afterAll(async () => {
  for (const { child, exited } of started) {
    child.kill('SIGTERM');
    await exited;
  }
  rmSync(root, { recursive: true, force: true });
});

/** `letsping dev --json`, until its line of JSON. */
async function dev() {
  const child = spawn(process.execPath, ['dist/cli/main.js', 'dev', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, LETSPING_DATA_DIR: dataDir, XDG_STATE_HOME: join(root, 'state') },
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  started.push({ child, exited });
  let stderr = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const line = await Promise.race([
    once(createInterface(child.stdout!), 'line').then(([text]) => String(text)),
    exited.then(() => Promise.reject(new Error(`dev ended:\n${stderr}`))),
  ]);
  return {
    child,
    exited,
    info: JSON.parse(line) as Record<string, string>,
    records: readRecords(dataDir),
    stderr: () => stderr,
  };
}

function end({ child, exited }: Awaited<ReturnType<typeof dev>>, signal: NodeJS.Signals) {
  child.kill(signal);
  return exited;
}

const living = (records: ProcessRecord[]) => records.filter(isAlive).map(({ name }) => name);

test('dev starts everything, holds a first action, keeps its keys, and leaves no process behind, however it ends', async () => {
  // As root, PostgreSQL's own user needs access.
  chmodSync(root, 0o711);
  mkdirSync(dataDir);
  const base = 33_000 + Math.floor(Math.random() * 2_000);
  rememberPorts(dataDir, { postgres: base, temporal: base + 1, temporal_ui: base + 2, api: base + 3 });

  const first = await dev();
  expect(Object.keys(first.info).toSorted()).toEqual(
    [
      ...['api_url', 'console_url', 'agent_api_key', 'approver_api_key', 'admin_api_key', 'project_id'],
      ...['temporal_address', 'temporal_namespace', 'temporal_ui_url', 'database_url'],
    ].toSorted(),
  );
  expect(living(first.records).toSorted()).toEqual(['api', 'postgres', 'temporal', 'worker']);
  const list = await fetch(`${first.info['api_url']}/approval-requests?status=pending`, {
    headers: { authorization: `Bearer ${first.info['approver_api_key']}` },
  });
  expect(await list.json()).toMatchObject({ items: [{ service: 'db-agent', action: 'sql', status: 'pending' }] });
  expect(statSync(join(dataDir, 'keys.json')).mode & 0o777).toBe(0o600);

  const refused = await dev();
  expect(refused.info).toMatchObject({
    error: { code: 'data_dir_in_use', message: expect.stringMatching(/another letsping/) },
  });
  expect(await refused.exited).toBe(1);

  expect(await end(first, 'SIGINT')).toBe(0);
  expect(living(first.records)).toEqual([]);

  const second = await dev();
  expect(second.info).toMatchObject({
    project_id: first.info['project_id'],
    agent_api_key: first.info['agent_api_key'],
  });
  await end(second, 'SIGKILL');
  expect(living(second.records)).toHaveLength(4);

  const third = await dev();
  expect(living(second.records)).toEqual([]);
  expect(third.stderr()).toMatch(/Ending worker \(process \d+\), left running by an earlier start/);
  expect(await end(third, 'SIGHUP')).toBe(0);
  expect(living(third.records)).toEqual([]);
  expect(readFileSync(join(dataDir, 'logs', 'worker.log'), 'utf8')).toContain('worker ready');
});

test("an agent's text cannot steer the terminal that shows it", () => {
  expect(plainLine('a\u001b]0;title\u0007b\u001b[2Jc\nd\u202ee\u009b31mf\u0000')).toBe('abc def');
  expect(plainLine('x'.repeat(300), 10)).toBe(`${'x'.repeat(9)}…`);
});
