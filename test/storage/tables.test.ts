import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../crypto/ids.ts';
import { createKeyring, type Keyring, type Sealer } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { LATER_FIELDS, ROW_FIELDS, RowForged, type RowKind } from '../../crypto/row-mac.ts';
import type { ThreadStore } from '../../domain/thread/ports.ts';
import { idempotencyStore } from '../../storage/access/access-stores.ts';
import { createActLog } from '../../storage/acts/act-log.ts';
import { verifyChains } from '../../storage/acts/refuse-rolled-back.ts';
import { insertCancellation, readCancellation } from '../../storage/approvals/cancellations.ts';
import { insertClaim, readClaims, updateClaim } from '../../storage/approvals/claims.ts';
import { insertDecision, listDecisions, sendDecisionBack } from '../../storage/approvals/decisions.ts';
import { requestView } from '../../storage/approvals/request-views.ts';
import { recordScreening } from '../../storage/approvals/screenings.ts';
import { inProject, type Transaction } from '../../storage/db/transaction.ts';
import { currentIssuerKey } from '../../storage/keys/issuer-keys.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { AUTHENTICATED, NEED_NOT_BE } from '../../storage/tables.ts';
import { createThreadStore } from '../../storage/threads/thread-store.ts';
import { actor } from '../helpers/actor.ts';
import { type Owner, ownerOf } from '../helpers/altered-rows.ts';
import { Approvals } from '../integrations/langgraph/approvals.ts';
import { createGround, type Ground } from '../integrations/langgraph/fixtures.ts';

/** The attacker writes to the database, as its owner, and does not have the root key. */
let ground: Ground;
let owner: Owner;
beforeAll(async () => {
  ground = await createGround();
  owner = await ownerOf(ground.database);
});
afterAll(async () => {
  await owner?.end();
  await ground?.database.drop();
});

describe('each table of the database', () => {
  test('is authenticated, or there is a reason why it need not be', () => {
    const listed = [...Object.keys(AUTHENTICATED), ...Object.keys(NEED_NOT_BE)];
    expect([...owner.tables.keys()].sort()).toEqual(listed.sort());
  });

  test('that is authenticated names each of its columns once: covered, identifying, or granting nothing', () => {
    for (const [name, { identified_by, covered, grants_nothing }] of Object.entries(AUTHENTICATED)) {
      const listed = [...identified_by, ...covered, ...Object.keys(grants_nothing)];
      expect([...owner.tables.get(name)!.keys()].sort(), name).toEqual(listed.sort());
    }
  });

  test('has a sentence for each reason', () => {
    const reasons = Object.values(AUTHENTICATED).flatMap(({ by, grants_nothing }) => [
      by,
      ...Object.values(grants_nothing),
    ]);
    for (const reason of [...reasons, ...Object.values(NEED_NOT_BE)]) expect(reason.length).toBeGreaterThan(7);
  });
});

/** One row of a table, and how the product reads it: a value that is not empty while the row counts. */
interface Row {
  where: string;
  read(): Promise<unknown>;
}

/** Writes rows of one project as the product does. */
async function written() {
  const { project_id, store } = await ground.project();
  const { pool } = ground.database;
  /** Without caches of keys. */
  const fresh = (): Keyring => createKeyring(parseRootKey(ground.root_key), storedKeys(pool));
  const lp = new Approvals(pool, ground.keyring, project_id);
  const thread_id = crypto.randomUUID();
  const open = async () => (await lp.open({ service: 's', action: 'a', payload: { n: 1 }, context: { thread_id } })).id;
  const inTx = async <T>(work: (tx: Transaction, sealer: Sealer) => Promise<T>) => {
    const sealer = await fresh().sealer(project_id);
    return inProject(pool, project_id, (tx) => work(tx, sealer));
  };
  const threads = (): ThreadStore => createThreadStore({ pool, keyring: fresh(), project_id });
  return { project_id, store, lp, thread_id, open, inTx, threads, fresh, pool };
}
type Written = Awaited<ReturnType<typeof written>>;

/** A checkpoint with one value and one write. */
async function checkpoint({ store, threads, thread_id }: Written) {
  const bytes = Buffer.from('"x"');
  const value = { type: 'json', bytes };
  const key = { thread_id, checkpoint_ns: '', checkpoint_id: 'c1' };
  const head = { ...key, parent_id: 'c0', v: 4, source: 'loop', step: 1, channel_versions: '{"a":"1"}' };
  await store.putCheckpoint(head, value, [{ channel: 'a', version: '1', value }]);
  await store.putWrites(key, [{ task_id: 't', idx: 0, task_path: 'p', channel: 'a', value }]);
  return async (part: 'head' | 'values' | 'writes') => {
    const [found] = await threads().listCheckpoints({ thread_id, checkpoint_ns: '', checkpoint_id: 'c1', limit: 1 });
    return found && (part === 'head' ? [found] : found[part]);
  };
}

const view = ({ inTx }: Written, id: string) => inTx((tx, sealer) => requestView(tx, sealer, id));

const ROWS: Record<string, (t: Written) => Promise<Row>> = {
  async approval_requests(t) {
    const id = await t.open();
    return { where: `id = '${id}'`, read: () => view(t, id) };
  },
  async ledger(t) {
    const id = await t.open();
    await t.lp.decide(id, { status: 'approved' });
    return { where: `request_id = '${id}'`, read: async () => (await view(t, id))?.resolution };
  },
  async decisions(t) {
    const [request_id, id] = [await t.open(), newId('dec')];
    const decision = {
      id,
      request_id,
      type: 'patch',
      actor: 'ana',
      channel: 'api',
      key_made_by: null,
      payload_digest: 'sha256:1',
    } as const;
    await t.inTx(async (tx, sealer) => {
      await insertDecision(tx, sealer, {
        ...decision,
        patched_digest: 'sha256:2',
        patched_payload: { n: 2 },
        salt: 's',
      });
      await recordScreening(tx, sealer, request_id, id, 'accepted', []);
      await sendDecisionBack(tx, sealer, request_id, id);
    });
    return { where: `id = '${id}'`, read: () => t.inTx((tx, sealer) => listDecisions(tx, sealer, request_id)) };
  },
  async cancellations(t) {
    const id = await t.open();
    await t.inTx((tx, sealer) => insertCancellation(tx, sealer, id, 'bot'));
    return { where: `request_id = '${id}'`, read: () => t.inTx((tx, sealer) => readCancellation(tx, sealer, id)) };
  },
  async claims(t) {
    const id = await t.open();
    await t.lp.decide(id, { status: 'approved' });
    const claim = {
      request_id: id,
      attempt: 1,
      payload_digest: 'sha256:1',
      claimed_by: 'bot',
      key_id: 'key_1',
      token_sha256: Buffer.alloc(32, 1),
      retryable: false,
      claimed_at: new Date(),
      unknown_after: new Date(),
      ended: null,
      ended_at: null,
      closed_as: null,
      closed_by: null,
      closed_at: null,
    };
    await t.inTx((tx, sealer) => insertClaim(tx, sealer, claim, undefined));
    const [ended_at, closed_at] = [new Date(), new Date()];
    await t.inTx((tx, sealer) =>
      updateClaim(tx, sealer, { ...claim, ended: 'failed', ended_at, closed_as: 'done', closed_by: 'ana', closed_at }),
    );
    return {
      where: `request_id = '${id}'`,
      read: async () => (await t.inTx((tx, sealer) => readClaims(tx, sealer, id))).newest,
    };
  },
  async thread_interrupts(t) {
    const id = await t.open();
    await t.lp.decide(id, { status: 'approved' });
    await t.store.linkInterrupt({ thread_id: t.thread_id, interrupt_id: 'i', graph: 'g', request_ids: [id] });
    return {
      where: `project_id = '${t.project_id}' and interrupt_id = 'i'`,
      read: () => t.threads().interruptAnswers(t.thread_id, ['i']),
    };
  },
  async thread_pauses(t) {
    await t.store.putPause(t.thread_id, 'n|0', { request_id: await t.open(), held: true });
    return {
      where: `project_id = '${t.project_id}'`,
      read: () => t.threads().readPause(t.thread_id, 'n|0'),
    };
  },
  async idempotency_keys(t) {
    const scope = {
      ...{ key_id: 'key_a', route: 'ingest', key: 'k' },
      body_sha256: createHash('sha256').update('body').digest(),
    };
    const store = () => idempotencyStore(t.pool, t.fresh());
    await store().lock(t.project_id, scope, 'req_1');
    await store().keep(t.project_id, scope, 'req_1', 201, { id: 'req_1' });
    return {
      where: `project_id = '${t.project_id}' and reference = 'req_1'`,
      async read() {
        const lock = await store().lock(t.project_id, scope, 'req_2');
        if (lock.state === 'done') return lock.answer;
        await store().forget(t.project_id, scope);
        return undefined;
      },
    };
  },
  async threads(t) {
    await checkpoint(t);
    const thread_key = (await t.fresh().sealer(t.project_id)).pseudonym('thread', t.thread_id);
    return {
      where: `project_id = '${t.project_id}'`,
      async read() {
        const [stored] = await t.threads().listCheckpoints({ thread_id: t.thread_id, limit: 1 });
        return stored && t.threads().threadByKey(thread_key);
      },
    };
  },
  async checkpoints(t) {
    const read = await checkpoint(t);
    return { where: `project_id = '${t.project_id}'`, read: () => read('head') };
  },
  async checkpoint_values(t) {
    const read = await checkpoint(t);
    return { where: `project_id = '${t.project_id}'`, read: () => read('values') };
  },
  async checkpoint_writes(t) {
    const read = await checkpoint(t);
    return { where: `project_id = '${t.project_id}'`, read: () => read('writes') };
  },
  async admin_acts(t) {
    const acts = createActLog({ pool: t.pool, keyring: t.fresh() });
    const act = { subject: 'key_a', by: actor('ana'), details: { owner: 'bot' } };
    await acts.transact(t.project_id, (_tx, _sealer, record) => record({ ...act, kind: 'key_created' }));
    await acts.transact(t.project_id, (_tx, _sealer, record) => record({ ...act, kind: 'key_revoked' }));
    return {
      where: `project_id = '${t.project_id}' and number = 1`,
      async read() {
        const { faults, heads } = await verifyChains(t.pool, t.fresh(), new Map());
        const fault = faults.find(({ project_id }) => project_id === t.project_id);
        if (fault) throw new RowForged('admin_act', t.project_id);
        return heads.get(t.project_id);
      },
    };
  },
  async projects(t) {
    return { where: `id = '${t.project_id}'`, read: () => t.fresh().sealer(t.project_id) };
  },
  async issuer_keys(t) {
    await currentIssuerKey(t.pool, t.fresh());
    return { where: 'true', read: () => currentIssuerKey(t.pool, t.fresh()) };
  },
};

/** Their rows are changed in test/storage/forged-access.test.ts, from the fields of their MACs. */
const ACCESS: Record<string, RowKind[]> = {
  api_keys: ['api_key', 'api_key_revocation'],
  sessions: ['session'],
  login_links: ['login_link'],
  policies: ['policy'],
};

const REFUSED = { name: expect.stringMatching(/^(RowForged|SealBroken|KeyUnavailable)$/) };
const isEmpty = (value: unknown) => value === undefined || (Array.isArray(value) && value.length === 0);

test('every authenticated table is tried', () => {
  expect([...Object.keys(ROWS), ...Object.keys(ACCESS)].sort()).toEqual(Object.keys(AUTHENTICATED).sort());
});

describe.each(Object.keys(ROWS))('a row of %s', (table) => {
  const { identified_by, covered } = AUTHENTICATED[table]!;

  test('counts as it was written', async () => {
    const { read } = await ROWS[table]!(await written());
    expect(isEmpty(await read())).toBe(false);
  });

  test.each(covered)('is refused after its %s was changed', async (column) => {
    const { where, read } = await ROWS[table]!(await written());
    const restore = await owner.alter(table, column, where);
    await expect(read()).rejects.toMatchObject(REFUSED);
    await restore();
    expect(isEmpty(await read())).toBe(false);
  });

  test.each(identified_by)('is gone or refused after its %s was changed', async (column) => {
    const { where, read } = await ROWS[table]!(await written());
    const restore = await owner.alter(table, column, where);
    const found = await read().catch((error: Error) => {
      expect(error).toMatchObject(REFUSED);
      return undefined;
    });
    expect(isEmpty(found)).toBe(true);
    await restore();
    expect(isEmpty(await read())).toBe(false);
  });
});

test.each(Object.entries(ACCESS))('%s: the list names the fields of the MAC', (table, kinds) => {
  const { identified_by, covered } = AUTHENTICATED[table]!;
  const columns = owner.tables.get(table)!;
  const fields = new Set(
    kinds
      .flatMap((kind) => [...ROW_FIELDS[kind], ...Object.keys(LATER_FIELDS[kind as keyof typeof LATER_FIELDS] ?? {})])
      .filter((name) => columns.has(name)),
  );
  const macs = [...columns.keys()].filter((name) => name.endsWith('mac'));
  expect([...covered].filter((name) => !identified_by.includes(name)).sort()).toEqual(
    expect.arrayContaining([...fields, ...macs].sort()),
  );
});
