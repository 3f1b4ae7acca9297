import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { lockDataDir, openDataDir, rememberPorts } from '../../cli/services/data-dir.ts';
import { assertLoopback } from '../../cli/services/loopback.ts';
import { type Postgres, startPostgres } from '../../cli/services/postgres.ts';
import { startTemporal, type Temporal } from '../../cli/services/temporal.ts';
import { findTemporal } from '../../cli/services/temporal-binary.ts';
import { migrate } from '../../storage/db/migrate.ts';
import { sweep } from './left-folders.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Connects as the owner, who may create databases and roles. */
    databaseUrl: string;
    /** The databases of tests are copies of it. */
    migratedDatabase: string;
    temporalAddress: string;
    temporalNamespace: string;
    /** Path of Temporal's program, for tests that need a server of their own; empty if there is none. */
    temporalBinary: string;
  }
}

const PREFIX = 'letsping-test-';
const say = (line: string) => process.stderr.write(`  ${line}\n`);

const running: { postgres?: Postgres; migrated?: string; temporal?: Temporal; dataDir?: string } = {};

async function asOwner(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

/** Migrated once a run: a copy takes half the time of the migrations. */
async function createMigrated(url: string): Promise<string> {
  const name = `test_migrated_${randomBytes(6).toString('hex')}`;
  await asOwner(url, `create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  await migrate(own.href);
  return name;
}

/** Starts one PostgreSQL and one Temporal per run, or uses those that the environment names. */
export async function setup(project: TestProject): Promise<void> {
  const env = { ...process.env };
  try {
    for (const target of [env['DATABASE_URL'], env['TEMPORAL_ADDRESS']]) if (target) assertLoopback(target, env);
    await sweep(PREFIX, say);
    const dataDir = openDataDir({ LETSPING_DATA_DIR: mkdtempSync(join(tmpdir(), PREFIX)) });
    running.dataDir = dataDir;
    lockDataDir(dataDir);
    // Below the ephemeral port range, and outside the ports of `letsping dev`.
    const base = 20_000 + Math.floor(Math.random() * 10_000);
    rememberPorts(dataDir, { postgres: base, temporal: base + 1, temporal_ui: base + 2 });
    const options = { env, dataDir, progress: say, throwaway: true };
    const started = await Promise.allSettled([
      startPostgres(options).then((postgres) => {
        running.postgres = postgres;
        return postgres;
      }),
      startTemporal(options).then((temporal) => {
        running.temporal = temporal;
        return temporal;
      }),
    ]);
    const [postgres, temporal] = started.map((result) => {
      if (result.status === 'rejected') throw result.reason;
      return result.value;
    }) as [Postgres, Temporal];
    const binary =
      temporal.binary ??
      (await findTemporal(env, say).then(
        ({ path }) => path,
        () => '',
      ));
    running.migrated = await createMigrated(postgres.url);
    project.provide('databaseUrl', postgres.url);
    project.provide('migratedDatabase', running.migrated);
    project.provide('temporalAddress', temporal.address);
    project.provide('temporalNamespace', temporal.namespace);
    project.provide('temporalBinary', binary);
    say(`PostgreSQL ${postgres.version}, Temporal ${temporal.version}, Node ${process.version.slice(1)}`);
  } catch (error) {
    await teardown();
    const { message, hint } = error as Error & { hint?: string };
    throw new Error(`The tests need PostgreSQL and Temporal: ${message}${hint ? ` (${hint})` : ''}`, { cause: error });
  }
}

export async function teardown(): Promise<void> {
  // A server of the environment stays.
  if (running.postgres?.owned === false && running.migrated)
    await asOwner(running.postgres.url, `drop database ${running.migrated}`);
  await Promise.all([running.temporal?.stop(), running.postgres?.stop()]);
  if (running.dataDir) rmSync(running.dataDir, { recursive: true, force: true });
}
