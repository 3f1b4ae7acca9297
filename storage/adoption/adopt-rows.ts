import type pg from 'pg';
import { createKeyring, type Sealer } from '../../crypto/keyring.ts';
import type { RootKey } from '../../crypto/root-key.ts';
import { type NewAct, TERMINAL } from '../../domain/acts/act.ts';
import { appendAct } from '../acts/admin-acts.ts';
import type { Transaction } from '../db/transaction.ts';
import { issuerKeysOf, wrappedKeyOf } from '../keys/stored-keys.ts';
import { adoptAccess } from './adopt-access.ts';
import { adoptDecisions } from './adopt-decisions.ts';
import { adoptLinks } from './adopt-links.ts';
import { adoptRequests } from './adopt-requests.ts';
import { type AdoptedProject, emptyReport } from './report.ts';

/** Writes what authenticates the rows of one kind, for all rows of the project, and counts them in the report. */
type Adopter = (tx: Transaction, sealer: Sealer, report: AdoptedProject) => Promise<void>;

const ADOPTERS: readonly Adopter[] = [adoptAccess, adoptRequests, adoptDecisions, adoptLinks];

const EVERY_PROJECT = '*';

/**
 * A transaction of `letsping migrate` as the statements of storage/ take it. It commits nothing. The client takes one statement at a
 * time.
 */
function within(client: pg.Client, project_id: string): Transaction {
  let before: Promise<unknown> = Promise.resolve();
  const query: Transaction['query'] = (text, values = []) => {
    const rows = before.then(async () => (await client.query(text, values)).rows);
    before = rows.catch(() => {});
    return rows;
  };
  return { project_id, query, last: query };
}

/** What the transaction sees. Row-level security applies to the owner of the tables too. */
async function enter(client: pg.Client, project_id: string): Promise<Transaction> {
  await client.query("select set_config('app.project_id', $1, true)", [project_id]);
  return within(client, project_id);
}

async function projectsOf(client: pg.Client): Promise<{ id: string; name: string }[]> {
  const tx = await enter(client, EVERY_PROJECT);
  return tx.query<{ id: string; name: string }>('select id, name from projects order by created_at, id');
}

/** The sealers of all projects, read in the given transaction. @throws KeyUnavailable, SealBroken */
async function sealersOf(client: pg.Client, root: RootKey, ids: string[]): Promise<Sealer[]> {
  const keyring = createKeyring(root, {
    project: async (id) => wrappedKeyOf(await enter(client, id), id),
    issuers: () => issuerKeysOf(within(client, EVERY_PROJECT)),
  });
  const sealers: Sealer[] = [];
  for (const id of ids) sealers.push(await keyring.sealer(id));
  return sealers;
}

/** The projects whose rows nothing authenticates yet. For a transaction on a database before migration 0007. */
export const projectsToAdopt = async (client: pg.Client): Promise<string[]> =>
  (await projectsOf(client)).map(({ id }) => id);

/** @throws KeyUnavailable, SealBroken unless the root key opens the key of every project. Writes nothing. */
export async function checkRootKey(client: pg.Client, root: RootKey): Promise<void> {
  await sealersOf(
    client,
    root,
    (await projectsOf(client)).map(({ id }) => id),
  );
}

const rowsAdopted = (report: AdoptedProject): NewAct => ({
  kind: 'rows_adopted',
  subject: null,
  by: TERMINAL,
  details: {
    keys: report.keys.count,
    policies: report.policies.count,
    open_requests: report.open_requests.count,
    decisions: report.decisions.count,
    thread_links: report.thread_links,
    pauses: report.pauses,
    executions: report.executions,
    refused: report.refused.count,
  },
});

/**
 * Rows made before migration 0007 carry nothing that authenticates them. This vouches for them once, as they stand, in the
 * transaction that applies the migration: the migration's own row closes it, and only the owner of the tables can write that row. The
 * attacker writes as the application and removes MACs: a second run adopts nothing. An absent MAC is never taken for an old row.
 */
export async function adoptRows(client: pg.Client, root: RootKey): Promise<AdoptedProject[]> {
  const projects = await projectsOf(client);
  const sealers = await sealersOf(
    client,
    root,
    projects.map(({ id }) => id),
  );
  const reports: AdoptedProject[] = [];
  for (const [i, { id, name }] of projects.entries()) {
    const report = emptyReport(id, name);
    const tx = await enter(client, id);
    for (const adopt of ADOPTERS) await adopt(tx, sealers[i]!, report);
    await appendAct(tx, sealers[i]!, rowsAdopted(report));
    reports.push(report);
  }
  return reports;
}
