import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { DeliveryRef } from '../../contracts/workflow.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring, type Sealer } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import type { RequestEvent } from '../../domain/approval/request-event.ts';
import { insertRequest } from '../../storage/approvals/insert-request.ts';
import { markStarted } from '../../storage/approvals/start-marks.ts';
import { createEventBatcher } from '../../storage/db/event-batcher.ts';
import { type Listening, listen, listenToDeliveries } from '../../storage/db/events.ts';
import type { IgnoredNotice } from '../../storage/db/notice-gatherer.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { newRequest } from '../helpers/new-request.ts';

const project_id = newId('prj');
let db: TestDatabase;
let sealer: Sealer;
/** A login without rights, which the owner lets connect. */
let stranger: pg.Client;
let login: string;

beforeAll(async () => {
  db = await createDatabase();
  const keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), storedKeys(db.pool));
  await inProject(db.pool, project_id, (tx) => insertProject(tx, project_id, keyring.wrapProjectKey(project_id)));
  sealer = await keyring.sealer(project_id);
  login = `stranger_${randomBytes(4).toString('hex')}`;
  const url = new URL(db.owner_url);
  await db.asOwner(`create role ${login} login password 'only-here'`);
  await db.asOwner(`grant connect on database ${url.pathname.slice(1)} to ${login}`);
  Object.assign(url, { username: login, password: 'only-here' });
  stranger = new pg.Client({ connectionString: url.href });
  await stranger.connect();
});
afterAll(async () => {
  await stranger.end();
  const name = new URL(db.owner_url).pathname.slice(1);
  await db.asOwner(`revoke connect on database ${name} from ${login}; drop role ${login}`);
  await db.drop();
});

let heard: RequestEvent[];
let revoked: string[];
let ignored: IgnoredNotice[];
let gaps: number;
let listening: Listening;
beforeEach(async () => {
  [heard, revoked, ignored, gaps] = [[], [], [], 0];
  listening = listen(db.app_url, {
    onEvent: (event) => heard.push(event),
    onRevoked: (id) => revoked.push(id),
    onGap: () => {
      gaps += 1;
    },
    onIgnored: (reason) => ignored.push(reason),
  });
  await expect.poll(() => gaps).toBe(1);
});
afterEach(() => listening.stop());

const send = (channel: string, ...payloads: string[]) =>
  stranger.query('select pg_notify($1, payload) from unnest($2::text[]) as payload', [channel, payloads]);
const opened = async () => {
  const request = await inProject(db.pool, project_id, (tx) => insertRequest(tx, sealer, newRequest(), new Date()));
  createEventBatcher(db.pool).add('approval_request.opened', request!.id);
  return request!;
};
const heardOf = (id: string) => heard.filter(({ request_id }) => request_id === id).map(({ event }) => event);

test('an event is what the row says, and is reported once although its notice is repeated', async () => {
  const { id, created_at } = await opened();
  await expect
    .poll(() => heard)
    .toEqual([
      {
        event: 'approval_request.opened',
        request_id: id,
        project_id,
        requested_by: 'o',
        service: 's',
        occurred_at: created_at.toISOString(),
      },
    ]);
  await send('letsping', `o${id}`);
  await send('letsping', `o${id}`, `s${id}`);
  await markStarted(db.pool, createEventBatcher(db.pool), [{ project_id, request_id: id }]);
  await expect.poll(() => heardOf(id)).toEqual(['approval_request.opened', 'approval_request.held']);
  expect(ignored).toEqual(['unfounded']); // it is not resolved
});

test('texts that are no notices, and notices of what did not happen, report nothing', async () => {
  const { id } = await opened();
  await expect.poll(() => heardOf(id)).toHaveLength(1);
  for (const channel of ['letsping', 'letsping_revoked'])
    await send(channel, '', 'not json', '{}', 'null', 'x'.repeat(7_999), '__proto__', id, `${id}r`);
  await send('letsping', ...['h', 'p', 'r', 'e'].map((letter) => letter + id), `o${newId('req')}`);
  await send('letsping_revoked', newId('key'));
  await expect.poll(() => ignored.filter((reason) => reason === 'unfounded')).toHaveLength(6);
  expect(ignored.filter((reason) => reason === 'malformed')).toHaveLength(16);
  const next = await opened();
  await expect.poll(() => heardOf(next.id)).toHaveLength(1);
  expect({ heard: heard.length, revoked, gaps }).toEqual({ heard: 2, revoked: [], gaps: 1 });
});

test('an event of long ago is not reported', async () => {
  const { id } = await opened();
  await expect.poll(() => heardOf(id)).toHaveLength(1);
  await db.asOwner("update approval_requests set workflow_started_at = now() - interval '21 minutes' where id = $1", [
    id,
  ]);
  await send('letsping', `h${id}`);
  await expect.poll(() => ignored).toEqual(['unfounded']);
  expect(heardOf(id)).toEqual(['approval_request.opened']);
});

test('a flood is one gap, and the listener goes on', async () => {
  await send('letsping', ...Array.from({ length: 5_000 }, () => `r${newId('req')}`));
  await expect.poll(() => gaps, { timeout: 10_000 }).toBe(2);
  const { id } = await opened();
  await expect.poll(() => heardOf(id)).toHaveLength(1);
});

test('a connection that breaks, and rows that cannot be read, are a gap', async () => {
  await db.asOwner(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'letsping events' and datname = current_database()",
  );
  await expect.poll(() => gaps, { timeout: 10_000 }).toBe(2);
  const { id } = await opened();
  await expect.poll(() => heardOf(id)).toHaveLength(1);
  await db.asOwner('revoke select on approval_requests from letsping_app');
  try {
    await send('letsping', `o${id}`);
    await expect.poll(() => gaps, { timeout: 10_000 }).toBe(3);
  } finally {
    await db.asOwner('grant select on approval_requests to letsping_app');
  }
  const next = await opened();
  await expect.poll(() => heardOf(next.id)).toHaveLength(1);
});

test('a worker starts outbox rows that no workflow has taken, and nothing else', async () => {
  const started: DeliveryRef[] = [];
  const worker = listenToDeliveries(db.app_url, {
    onDelivery: (ref) => started.push(ref),
    onGap: () => {},
  });
  try {
    const { id } = await opened();
    const add = async (receiver: string, column = 'started_at') => {
      const { rows } = await db.asOwner(
        `insert into deliveries (project_id, request_id, kind, receiver, ${column}) values ($1, $2, 'langgraph', $3, ${receiver === 'new' ? 'null' : 'now()'}) returning id`,
        [project_id, id, receiver],
      );
      return rows[0].id as string;
    };
    const fresh = await add('new');
    const done = [await add('started'), await add('delivered', 'delivered_at'), await add('dead', 'dead_at')];
    await vi.waitFor(
      async () => {
        await send('letsping_deliveries', 'not json', `dlv_${'0'.repeat(32)}`, id, ...done, fresh);
        expect(started).toContainEqual({ project_id, delivery_id: fresh });
      },
      { timeout: 10_000, interval: 100 },
    );
    expect(new Set(started.map(({ delivery_id }) => delivery_id))).toEqual(new Set([fresh]));
  } finally {
    await worker.stop();
  }
});
