import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, expect, test, vi } from 'vitest';
import { lockDataDir, openDataDir, rememberedPorts, rememberPorts } from '../../cli/services/data-dir.ts';
import { endLeftovers } from '../../cli/services/leftovers.ts';
import { type Postgres, startPostgres } from '../../cli/services/postgres.ts';
import { isAlive, startTimeOf } from '../../cli/services/process-identity.ts';
import { readRecords, writeRecords } from '../../cli/services/process-records.ts';
import { createProcesses } from '../../cli/services/processes.ts';
import { localRootKey, rootKeyFile } from '../../cli/services/root-key.ts';
import { startTemporal } from '../../cli/services/temporal.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const silent = () => {};
/** Starts its own services; those named by the environment are for the other tests. */
const { DATABASE_URL: _url, TEMPORAL_ADDRESS: _address, ...env } = process.env;

function dataFolder(): string {
  const dir = openDataDir({ LETSPING_DATA_DIR: mkdtempSync(join(tmpdir(), 'letsping-services-')) });
  cleanUps.push(() => rmSync(dir, { recursive: true, force: true }));
  const base = 30_000 + Math.floor(Math.random() * 2_000);
  rememberPorts(dir, { postgres: base, temporal: base + 1, temporal_ui: base + 2 });
  return dir;
}

async function startedPostgres(dataDir: string): Promise<Postgres> {
  const postgres = await startPostgres({ env, dataDir, progress: silent, throwaway: true });
  cleanUps.push(postgres.stop);
  return postgres;
}

async function query(url: string, sql: string) {
  const client = new pg.Client({ connectionString: url });
  client.on('error', silent);
  await client.connect();
  return client.query(sql).finally(() => client.end());
}

test('PostgreSQL keeps its data, port and password from one start to the next, and stop leaves no process', async () => {
  const dataDir = dataFolder();
  const first = await startedPostgres(dataDir);
  await query(first.url, 'create table kept as select 1 as n');
  const pid = first.pid()!;
  await first.stop();
  expect(startTimeOf(pid)).toBeUndefined();
  expect(readRecords(dataDir)).toEqual([]);

  const second = await startedPostgres(dataDir);
  expect(second.url).toBe(first.url);
  expect((await query(second.url, 'select n from kept')).rows).toEqual([{ n: 1 }]);
});

test('PostgreSQL listens on loopback alone, refuses a wrong password, and its secrets are for the owner alone', async () => {
  const dataDir = dataFolder();
  const { url } = await startedPostgres(dataDir);
  expect((await query(url, 'show listen_addresses')).rows).toEqual([{ listen_addresses: '127.0.0.1' }]);
  const wrong = new URL(url);
  wrong.password = 'password';
  await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  expect(statSync(join(dataDir, 'pg-password')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(dataDir, '.gitignore'), 'utf8')).toBe('*\n');
});

test('a killed PostgreSQL comes back on its port with what was committed', async () => {
  const dataDir = dataFolder();
  const postgres = await startedPostgres(dataDir);
  await query(postgres.url, 'create table kept as select 1 as n');
  const killed = postgres.pid()!;
  process.kill(killed, 'SIGKILL');
  await expect
    .poll(
      () =>
        query(postgres.url, 'select n from kept').then(
          (r) => r.rows,
          () => [],
        ),
      { timeout: 20_000 },
    )
    .toEqual([{ n: 1 }]);
  await expect.poll(() => postgres.pid()).not.toBe(killed);
});

test('a port in use is skipped', async () => {
  const dataDir = dataFolder();
  const { postgres: port } = rememberedPorts(dataDir);
  const squatter = createServer().listen(port, '127.0.0.1');
  await once(squatter, 'listening');
  cleanUps.push(() => squatter.close());
  const { url } = await startedPostgres(dataDir);
  expect(Number(new URL(url).port)).toBeGreaterThan(port!);
  expect(rememberedPorts(dataDir).postgres).toBe(Number(new URL(url).port));
});

test('two Temporal servers start at once on different ports, and stop ends both', async () => {
  const [one, two] = await Promise.all(
    [dataFolder(), dataFolder()].map(async (dataDir) => {
      rememberPorts(dataDir, { temporal: 32_100, temporal_ui: 32_200 });
      const temporal = await startTemporal({ env, dataDir, progress: silent });
      cleanUps.push(temporal.stop);
      return temporal;
    }),
  );
  expect(one!.address).not.toBe(two!.address);
  expect(one!.ui_url).not.toBe(two!.ui_url);
  const pids = [one!.pid()!, two!.pid()!];
  await Promise.all([one!.stop(), two!.stop()]);
  expect(pids.map(startTimeOf)).toEqual([undefined, undefined]);
});

test('if Temporal cannot be found or fetched, one error lists the options', async () => {
  const dataDir = dataFolder();
  const bare = { PATH: dataDir, XDG_CACHE_HOME: join(dataDir, 'cache') };
  await expect(startTemporal({ env: bare, dataDir, progress: silent })).rejects.toMatchObject({
    code: 'temporal_missing',
    hint: expect.stringMatching(/TEMPORAL_ADDRESS.*PATH.*Python/),
  });
});

/** A process whose environment names its data folder. */
async function worker(dataDir: string) {
  const child = spawn('sleep', ['60'], {
    detached: true,
    stdio: 'ignore',
    env: { ...env, LETSPING_DATA_DIR: dataDir },
  });
  cleanUps.push(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  // Before exec it still has this process's environment.
  await expect.poll(() => readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')).toContain('sleep');
  return { name: 'worker' as const, pid: child.pid!, start_time: startTimeOf(child.pid!)!, data_dir: dataDir };
}

test('the next start ends processes of a killed parent', async () => {
  const dataDir = dataFolder();
  const record = await worker(dataDir);
  writeRecords(dataDir, [record]);
  expect(await endLeftovers(dataDir, silent)).toEqual([record]);
  expect(isAlive(record)).toBe(false);
});

test('a process with another start time or data folder is not ended', async () => {
  const dataDir = dataFolder();
  const ours = await worker(dataDir);
  const foreign = await worker(dataFolder());
  writeRecords(dataDir, [
    { ...ours, start_time: 'earlier' },
    { ...foreign, data_dir: dataDir },
  ]);
  expect(await endLeftovers(dataDir, silent)).toEqual([]);
  expect([isAlive(ours), isAlive(foreign)]).toEqual([true, true]);
  expect(readRecords(dataDir)).toEqual([]);
});

test('a service that ends unexpectedly is restarted; one that was killed on purpose stays down until it is started', async () => {
  const dataDir = dataFolder();
  const processes = createProcesses({ dataDir, progress: silent });
  cleanUps.push(processes.stopAll);
  const launch = () => ({ command: 'sleep', args: ['60'], env: { PATH: env['PATH'] } });
  const logFile = join(dataDir, 'logs', 'worker.log');
  const service = await processes.start({ name: 'worker', launch, ready: () => true, readyWithinMs: 5_000, logFile });
  const first = service.pid!;
  process.kill(first, 'SIGKILL');
  await expect.poll(() => service.pid, { timeout: 5_000 }).toSatisfy((pid) => pid !== undefined && pid !== first);

  await service.kill();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(service.pid).toBeUndefined();
  await service.restart();
  expect(processes.pids()).toEqual({ worker: service.pid });
  await processes.stopAll();
  expect(processes.pids()).toEqual({});
});

test('two systems on one data folder: the second is refused; the lock of a dead one is ignored', () => {
  const dataDir = dataFolder();
  const lock = lockDataDir(dataDir);
  expect(() => lockDataDir(dataDir)).toThrow(/another letsping \(process \d+\) is running/);
  lock.release();
  writeFileSync(join(dataDir, 'lock'), JSON.stringify({ pid: process.pid, start_time: 'another time' }));
  expect(() => lockDataDir(dataDir).release()).not.toThrow();
});

test('the root key is outside the data folder, and a lost one is never replaced', () => {
  const dataDir = dataFolder();
  const state = dataFolder();
  const at = { XDG_STATE_HOME: state };
  const key = localRootKey(dataDir, at);
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  expect(localRootKey(dataDir, at)).toBe(key);
  const file = rootKeyFile(dataDir, at);
  expect(file.startsWith(dataDir)).toBe(false);
  expect(statSync(file).mode & 0o777).toBe(0o600);

  writeFileSync(join(dataDir, 'keys.json'), '{}');
  rmSync(file);
  expect(() => localRootKey(dataDir, at)).toThrow(expect.objectContaining({ code: 'root_key_missing' }));
  expect(existsSync(file)).toBe(false);
  expect(localRootKey(dataDir, { ...at, LETSPING_ROOT_KEY: 'given' })).toBe('given');
});
