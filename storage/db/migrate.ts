import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { SealBroken } from '../../crypto/envelope.ts';
import { KeyUnavailable } from '../../crypto/keyring.ts';
import type { RootKey } from '../../crypto/root-key.ts';
import type { Heads } from '../../domain/acts/ports.ts';
import { AdoptedBefore } from '../adoption/adopt-requests.ts';
import { adoptRows, checkRootKey, projectsToAdopt } from '../adoption/adopt-rows.ts';
import type { AdoptedProject } from '../adoption/report.ts';
import { revokeConnect } from './connect-rights.ts';

export interface Migration {
  version: number;
  name: string;
  sql: string;
  checksum: string;
}

/** This release must not write to the database. The message says what to do. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused';
}

const FOLDER = new URL('../migrations/', import.meta.url);
/** Key of the advisory lock that is held while migrations run; arbitrary. */
const ADVISORY_LOCK = 4_207_001;

export async function migrations(): Promise<Migration[]> {
  const names = (await readdir(FOLDER)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(fileURLToPath(new URL(name, FOLDER)), 'utf8');
      return { version: Number(name.slice(0, 4)), name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

interface Applied {
  version: number;
  name: string;
  checksum: string;
}

function pending(all: Migration[], applied: Applied[]): Migration[] {
  const newest = all.at(-1)?.version ?? 0;
  const newer = applied.find(({ version }) => version > newest);
  if (newer)
    throw new MigrationRefused(
      `the database was migrated by a newer release (${newer.name}); this one knows migrations up to ${newest}. Start the newer release`,
    );
  const known = new Map(applied.map((row) => [row.version, row]));
  for (const { version, name, checksum } of all) {
    const row = known.get(version);
    if (row && row.checksum !== checksum)
      throw new MigrationRefused(
        `migration ${name} was applied with another text (as ${row.name}); a migration that was released is never edited`,
      );
  }
  return all.filter(({ version }) => !known.has(version));
}

/** The migration from which on rows that grant authority are authenticated. */
const AUTHENTICATED_ROWS = 7;

const ADOPTION_NEEDS_KEY =
  'this database has rows that the release before wrote without anything that authenticates them. They are adopted once, for which letsping migrate needs the root key: set LETSPING_ROOT_KEY or LETSPING_ROOT_KEY_FILE. Nothing was written';

/** @throws MigrationRefused unless the root key opens every project whose rows are to be adopted. Writes nothing. */
async function refuseAdoption(client: pg.Client, { root, anchored }: AdoptionOptions): Promise<void> {
  await client.query('begin');
  try {
    const projects = await projectsToAdopt(client);
    if (projects.length === 0) return;
    const known = projects.find((id) => anchored?.has(id));
    if (known !== undefined)
      throw new MigrationRefused(
        `the rows of project ${known} were adopted before: LETSPING_ANCHOR_FILE has administrative acts of it. Restore a backup of this release; or, if you restored one of the release before, remove that file first. Nothing was written`,
      );
    if (!root) throw new MigrationRefused(ADOPTION_NEEDS_KEY);
    await checkRootKey(client, root);
  } catch (error) {
    if (error instanceof KeyUnavailable || error instanceof SealBroken)
      throw new MigrationRefused(`the rows of this database cannot be adopted: ${error.message}. Nothing was written`);
    throw error;
  } finally {
    await client.query('rollback');
  }
}

async function adopt(client: pg.Client, root: RootKey): Promise<AdoptedProject[]> {
  try {
    return await adoptRows(client, root);
  } catch (error) {
    if (!(error instanceof AdoptedBefore)) throw error;
    throw new MigrationRefused(
      `the rows of this database were adopted before: request ${error.message} is sealed as this release seals. Somebody took the migration's row away, or its tables were edited. Nothing was written`,
    );
  }
}

export interface AdoptionOptions {
  /** Needed when there are rows to adopt. */
  root?: RootKey | undefined;
  /** What the anchor has: a project in it was adopted, or created by a release after. */
  anchored?: Heads | undefined;
}

export interface Migrated {
  /** Names of the migrations that this call applied. */
  applied: string[];
  /** What this call adopted: one report per project; empty unless this call applied the migration to authenticated rows. */
  adopted: AdoptedProject[];
  /** From this call on, only the owner and members of `letsping_app` may connect (connect-rights.ts). */
  connect_revoked: boolean;
}

/**
 * Migrates the database to this release: numbered SQL files, one transaction each, forward only. Processes that start together
 * migrate once. Rows of releases before migration 0007 are adopted in its transaction, for which the root key is needed.
 * @throws MigrationRefused for a database of a newer release, with an edited migration, or with rows to adopt and no root key.
 */
export async function migrate(ownerUrl: string, options: AdoptionOptions = {}): Promise<Migrated> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    application_name: 'letsping migrate',
    connectionTimeoutMillis: 5_000,
  });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await client.query(`create table if not exists schema_migrations (
      version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
    const { rows } = await client.query<Applied>(
      'select version, name, checksum from schema_migrations order by version',
    );
    const todo = pending(await migrations(), rows);
    if (rows.length > 0 && todo.some(({ version }) => version === AUTHENTICATED_ROWS))
      await refuseAdoption(client, options);
    let adopted: AdoptedProject[] = [];
    for (const { version, name, sql, checksum } of todo) {
      await client.query('begin');
      await client.query(sql);
      if (version === AUTHENTICATED_ROWS && options.root) adopted = await adopt(client, options.root);
      await client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [
        version,
        name,
        checksum,
      ]);
      await client.query('commit');
    }
    if (todo.length > 0) await client.query('grant select on schema_migrations to letsping_app');
    return { applied: todo.map(({ name }) => name), adopted, connect_revoked: await revokeConnect(client) };
  } finally {
    await client.end();
  }
}

/** Whether the schema is exactly this release's, for the readiness check. Works with the application's role. */
export async function migrationsAtHead(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<Applied>('select version, name, checksum from schema_migrations order by version');
  return pending(await migrations(), rows).length === 0;
}
