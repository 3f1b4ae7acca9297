import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSettleByHint } from '../../activities/settle.ts';
import { newClaim } from '../../api/operations/claim-permit.ts';
import type { RequestRef } from '../../contracts/workflow.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring, type Keyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { createSigner } from '../../crypto/signing.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { activityStores } from '../../storage/activity-stores.ts';
import { apiStores } from '../../storage/api-stores.ts';
import type { EventBatcher } from '../../storage/db/event-batcher.ts';
import { type Listening, listen } from '../../storage/db/events.ts';
import { createPool } from '../../storage/db/pool.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { currentIssuerKey } from '../../storage/keys/issuer-keys.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { newRequest } from '../helpers/new-request.ts';

/**
 * A commit with a NOTIFY waits for every other such commit of the server. Here the product finds another `pg_notify` first, which fails in
 * a transaction that has written anything.
 */
const LISTENERS = 8;
const project_id = newId('prj');
let db: TestDatabase;
let strict: Pool;
let keyring: Keyring;

beforeAll(async () => {
  db = await createDatabase();
  await db.asOwner(`create schema strict; grant usage on schema strict to public;
    create function strict.pg_notify(channel text, payload text) returns void language plpgsql as $$
    begin
      if pg_current_xact_id_if_assigned() is not null then raise 'a notice in a transaction that writes'; end if;
      perform pg_catalog.pg_notify(channel, payload);
    end $$`);
  const url = new URL(db.app_url);
  url.searchParams.set('options', '-c search_path=strict,pg_catalog,public');
  strict = createPool(url.href);
  keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), storedKeys(db.pool));
  await inProject(db.pool, project_id, (tx) => insertProject(tx, project_id, keyring.wrapProjectKey(project_id)));
});
afterAll(async () => {
  await strict.end();
  await db.drop();
});

const AGENT: Principal = {
  project_id,
  owner: 'o',
  role: 'agent',
  key_id: 'key_x',
  services: null,
  context_trust: 'tighten_only',
  permissions: null,
  made_by: null,
  via: 'key',
};

const SILENT: EventBatcher = { add: () => {}, end: async () => {} };

/** The stores of an api and a worker. Silent: the process is killed between its commits and their notices. */
async function process(events?: EventBatcher) {
  const api = apiStores(strict, keyring, undefined, events);
  const { ledger } = activityStores(strict, keyring, undefined, events);
  const signer = await createSigner(await currentIssuerKey(db.pool, keyring));
  const settle = createSettleByHint({ ledger, signer });
  const open = async (): Promise<RequestRef & { payload_digest: string }> => {
    const { inForce, now } = await api.opening.screeningBasis(project_id);
    const request = newRequest({ policy_version: inForce.version, policy_digest: inForce.digest });
    expect(await api.opening.insert(project_id, request, now(), undefined)).toMatchObject({ state: 'written' });
    return { project_id, request_id: request.id, payload_digest: request.payload_digest };
  };
  const decide = async ({ request_id, payload_digest }: Awaited<ReturnType<typeof open>>) => {
    const id = newId('dec');
    const decision = { id, request_id, type: 'approve', actor: 'ana', channel: 'api', key_made_by: null } as const;
    const recorded = await api.decisions.deciding(project_id, request_id, ({ record }) =>
      record({ ...decision, payload_digest, patched_digest: null }),
    );
    expect(recorded).toMatchObject({ state: 'recorded' });
    return id;
  };
  const claim = ({ request_id, payload_digest }: Awaited<ReturnType<typeof open>>) =>
    api.permits.locked(project_id, request_id, ({ claim, now }) => {
      const given = { request_id, attempt: 1, payload_digest, token_sha256: randomBytes(32), retryable: false };
      return claim(newClaim(AGENT, given, now));
    });
  return { ...api, open, decide, settle, claim };
}

async function listeners(count: number) {
  const all: string[][] = [];
  const open = await Promise.all(
    Array.from({ length: count }, (_, at) => {
      all[at] = [];
      return new Promise<Listening>((resolve) => {
        const listening = listen(db.app_url, {
          onEvent: ({ event, request_id }) => void all[at]!.push(`${event.split('.')[1]} ${request_id}`),
          onRevoked: () => {},
          onGap: () => resolve(listening),
        });
      });
    }),
  );
  /** Those of one request: a test before may send its last notices now. */
  const heard = ({ request_id }: RequestRef) => all.map((events) => events.filter((text) => text.endsWith(request_id)));
  return { heard, stop: () => Promise.all(open.map((one) => one.stop())) };
}

test('no commit of a held request has a notice, and eight listeners hear each event once and in order', async () => {
  const { heard, stop } = await listeners(LISTENERS);
  try {
    const { open, decide, settle, claim, workflowStarts } = await process();
    const opened = await open();
    await workflowStarts.markStarted(opened);
    const decision_id = await decide(opened);
    const { resolution } = await settle(opened, { kind: 'decision', decision_id });
    expect(resolution.status).toBe('approved');
    expect(await claim(opened)).toBe(true);
    const events = ['opened', 'held', 'resolved', 'permit_changed'].map((name) => `${name} ${opened.request_id}`);
    await expect.poll(() => heard(opened), { timeout: 10_000 }).toEqual(Array(LISTENERS).fill(events));
  } finally {
    await stop();
  }
});

test('starts that come together are marked by one statement', async () => {
  const { open, workflowStarts } = await process();
  const opened = [await open(), await open(), await open()];
  await Promise.all(opened.map(workflowStarts.markStarted));
  const { rows } = await db.asOwner(
    'select count(distinct workflow_started_at)::int as times, count(workflow_started_at)::int as marked from approval_requests where id = any($1)',
    [opened.map(({ request_id }) => request_id)],
  );
  expect(rows).toEqual([{ times: 1, marked: 3 }]);
});

test('a process that is killed before its notices: the next one of the request brings the earlier events, and a repeated settle its own', async () => {
  const { heard, stop } = await listeners(1);
  try {
    const killed = await process(SILENT);
    const opened = await killed.open();
    await killed.workflowStarts.markStarted(opened);
    const decision_id = await killed.decide(opened);
    const first = await killed.settle(opened, { kind: 'decision', decision_id });
    const { settle } = await process(); // Temporal runs `settle` again elsewhere, because nobody answered
    expect(await settle(opened, { kind: 'decision', decision_id })).toEqual(first);
    const events = ['opened', 'held', 'resolved'].map((name) => `${name} ${opened.request_id}`);
    await expect.poll(() => heard(opened), { timeout: 10_000 }).toEqual([events]);
  } finally {
    await stop();
  }
});

test('what settle answers is believed with its MAC only', async () => {
  const { open, decide, settle, decisions } = await process();
  const opened = await open();
  const { request_id } = opened;
  const { resolution } = await settle(opened, { kind: 'decision', decision_id: await decide(opened) });
  const at = (answer: object) => decisions.settledAt(project_id, request_id, { ...resolution, ...answer });
  expect((await at({}))?.getTime()).toBe(resolution.resolved_at_ms);
  const { rows } = await db.asOwner('select resolved_at from ledger where request_id = $1', [request_id]);
  expect(await at({})).toEqual(rows[0].resolved_at);
  const changed = [
    { status: 'rejected' },
    { cause: 'deadline' },
    { payload_digest: `sha256:${'b'.repeat(64)}` },
    { decision_id: newId('dec') },
    { actor: 'mallory' },
    { verified: false },
    { resolved_at_ms: 1 },
    { resolved_at_ms: undefined },
    { resolved_at_ms: 'x' },
    { mac: undefined },
    { mac: '' },
    { mac: {} },
  ];
  for (const answer of changed) expect(await at(answer)).toBeUndefined();
  expect(await decisions.settledAt(project_id, newId('req'), resolution)).toBeUndefined();
});
