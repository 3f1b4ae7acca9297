import { afterAll, beforeAll, expect, test } from 'vitest';
import { createScreenPatch } from '../../activities/screen-patch.ts';
import { createSettleByHint } from '../../activities/settle.ts';
import { createEnforceDeadlines } from '../../activities/watch/enforce-deadlines.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { activityStores } from '../../storage/activity-stores.ts';
import { acknowledgeDecision, sendDecisionBack } from '../../storage/approvals/decisions.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { activityDeps } from '../helpers/activities.ts';
import { type Owner, ownerOf } from '../helpers/altered-rows.ts';
import { approvalsOf } from '../helpers/approvals.ts';
import { recordCancellation, recordDecision } from '../helpers/record-decision.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** No worker and no workflow: what the watcher finds is in the database. */
let system: TestSystem;
let owner: Owner;
let enforce: () => Promise<void>;
const repaired: string[] = [];
beforeAll(async () => {
  system = await createSystem({ policy: { default_routing: 'review_all', widening_patches: 'second_approver' } });
  owner = await ownerOf(system.database);
  const { stores, signer } = await activityDeps(system);
  enforce = createEnforceDeadlines({
    store: activityStores(system.database.pool, keyring()).watch,
    settle: createSettleByHint({ ledger: stores.ledger, signer }),
    screenPatch: createScreenPatch(stores.screen),
    directory: { cancel: () => new Promise(() => {}) }, // Temporal gives no answer
    startDeliveries: async () => {},
    incidents: stores.incidents,
    onRepair: (_, { request_id }) => repaired.push(request_id!),
    graceMs: 0,
  });
});
afterAll(async () => {
  await owner?.end();
  await system?.stop();
});
const keyring = () => createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(system.database.pool));
const { detail } = approvalsOf(() => system);

interface Held {
  id: string;
  payload_digest: string;
  expires_at: string;
}
/** Two seconds are enough to write what happens before the deadline. */
const held = async (): Promise<Held> =>
  (
    await system.call(system.agent_api_key, 'POST', '/api/ingest', {
      service: 's',
      action: 'a',
      payload: { n: 1 },
      expires_in_ms: 2_000,
    })
  ).body;
const passed = ({ expires_at }: Held) =>
  new Promise((resolve) => setTimeout(resolve, Date.parse(expires_at) - Date.now() + 100));
const inOurs = (work: (tx: Parameters<typeof acknowledgeDecision>[0]) => Promise<void>) =>
  inProject(system.database.pool, system.project_id, work);

async function decided({ id, payload_digest }: Held, decision_id: string, given: object = {}): Promise<string> {
  await recordDecision(system, {
    id: decision_id,
    request_id: id,
    type: 'approve',
    actor: 'dev-approver',
    payload_digest,
    ...given,
  });
  return decision_id;
}
const acknowledged = ({ id }: Held, decision_id: string) => inOurs((tx) => acknowledgeDecision(tx, id, decision_id));

test('what people did in time counts in the order of the rows, and nothing else does', async () => {
  const requests = await Promise.all(Array.from({ length: 7 }, held));
  const [, approved, unanswered, returned, cancelled, second, wide] = requests as [
    Held,
    Held,
    Held,
    Held,
    Held,
    Held,
    Held,
  ];
  await acknowledged(approved, await decided(approved, 'dec_w1'));
  // Its maker was answered with 503: nothing is decided.
  await decided(unanswered, 'dec_w2');
  await acknowledged(returned, await decided(returned, 'dec_w3'));
  const sealer = await keyring().sealer(system.project_id);
  await inOurs((tx) => sendDecisionBack(tx, sealer, returned.id, 'dec_w3'));
  await recordCancellation(system, cancelled.id);
  await acknowledged(cancelled, await decided(cancelled, 'dec_w4'));
  await acknowledged(second, await decided(second, 'dec_w5', { type: 'reject', reason: 'no' }));
  await acknowledged(second, await decided(second, 'dec_w6'));
  // Nobody has screened this patch, and it widens what was held.
  const patch = { url: 'http://169.254.169.254/latest/meta-data/' };
  await acknowledged(
    wide,
    await decided(wide, 'dec_w7', {
      type: 'patch',
      patched_payload: patch,
      patched_digest: `sha256:${'1'.repeat(64)}`,
    }),
  );
  await enforce();
  expect(repaired).toEqual([]); // their deadlines are ahead

  await Promise.all(requests.map(passed));
  await Promise.all([enforce(), enforce()]);
  const outcomes = await Promise.all(requests.map(async ({ id }) => (await detail(id)).outcome));
  expect(outcomes.map((outcome) => `${outcome?.status} by ${outcome?.cause}`)).toEqual([
    'expired by deadline',
    'approved by person',
    'expired by deadline',
    'expired by deadline',
    'cancelled by caller',
    'rejected by person',
    'expired by deadline',
  ]);
  expect(new Set(repaired)).toEqual(new Set(requests.map(({ id }) => id)));
  const { rows } = await owner.client.query<{ request_id: string }>(
    "select request_id from incidents where kind = 'deadline_enforced'",
  );
  expect(new Set(rows.map(({ request_id }) => request_id))).toEqual(new Set(requests.map(({ id }) => id)));
  const before = repaired.length;
  await enforce();
  expect(repaired).toHaveLength(before);
});

test('a row that is not authentic is reported, and does not keep others pending', async () => {
  const [forged, honest] = [await held(), await held()];
  const restore = await owner.alter('approval_requests', 'action', `id = '${forged.id}'`);
  await passed(honest);
  await enforce();
  expect((await detail(honest.id)).outcome).toMatchObject({ status: 'expired' });
  const { rows } = await owner.client.query<{ kind: string }>('select kind from incidents where request_id = $1', [
    forged.id,
  ]);
  expect(rows).toEqual([{ kind: 'forged_row' }]);
  await restore();
  await enforce();
  expect((await detail(forged.id)).outcome).toMatchObject({ status: 'expired' });
});
