import { randomBytes } from 'node:crypto';
import { CLAIM_HEADER } from '../../../../contracts/claim-header.ts';
import { approvalWorkflowId } from '../../../../contracts/workflow.ts';
import { decide, type Opened, pooled, resolved, shuffled } from '../../suite.ts';
import type { Attempts } from './attempts.ts';
import { WIDER } from './lied-outcomes.ts';
import { type Change, changed, changesOf, type Login, wrote } from './row-changes.ts';

/** A request in one state, with rows of its own, made through the api. */
export interface Kind {
  name: string;
  /** Tables with a row of it, and how that row is found. */
  tables: Record<string, (id: string) => string>;
  make(on: Attempts): Promise<Opened>;
}

const own = (id: string) => `request_id = '${id}'`;
const request = { approval_requests: (id: string) => `id = '${id}'` };
const ended = { ...request, ledger: own, decisions: own };

async function decided(on: Attempts, body: object, extra: object = {}): Promise<Opened> {
  const opened = await on.held(extra);
  const { id, payload_digest } = opened;
  await decide(on.rig, id, { payload_digest, ...body });
  if (!(await resolved(on.rig, id))) throw new Error(`${id} was not decided`);
  return opened;
}

/** @returns the headers of the claimant */
async function claimed({ rig }: Attempts, { id, payload_digest }: Opened): Promise<Record<string, string>> {
  const headers = { [CLAIM_HEADER]: randomBytes(32).toString('base64url') };
  await rig.call(
    rig.agent_api_key,
    'POST',
    `/api/approval-requests/${id}/claim`,
    { payload_digest, retryable: true },
    headers,
  );
  return headers;
}

export const KINDS: Kind[] = [
  { name: 'pending', tables: request, make: (on) => on.held() },
  { name: 'approved', tables: ended, make: (on) => decided(on, { type: 'approve' }) },
  { name: 'rejected', tables: ended, make: (on) => decided(on, { type: 'reject', reason: 'no' }) },
  {
    name: 'patched',
    tables: ended,
    make: (on) => decided(on, { type: 'patch', patched_payload: { amount: 1, to: 'a' } }),
  },
  {
    name: 'executed',
    tables: { ...ended, claims: own },
    async make(on) {
      const opened = await decided(on, { type: 'approve' });
      const { id, payload_digest } = opened;
      await on.rig.call(on.rig.agent_api_key, 'POST', `/api/approval-requests/${id}/executed`, { payload_digest });
      return opened;
    },
  },
  {
    name: 'claimed',
    tables: { ...ended, claims: own },
    async make(on) {
      const opened = await decided(on, { type: 'approve' });
      await claimed(on, opened);
      return opened;
    },
  },
  {
    name: 'of an unknown result',
    tables: { ...ended, claims: own },
    async make(on) {
      const opened = await decided(on, { type: 'approve' });
      const headers = await claimed(on, opened);
      const path = `/api/approval-requests/${opened.id}/claim/end`;
      await on.rig.call(on.rig.agent_api_key, 'POST', path, { ended: 'failed' }, headers);
      return opened;
    },
  },
  {
    name: 'patch refused',
    tables: { ...request, decisions: own },
    async make(on) {
      const opened = await on.held({ service: 'strict-agent' });
      const { id, payload_digest } = opened;
      await decide(on.rig, id, { type: 'patch', patched_payload: WIDER, payload_digest });
      return opened;
    },
  },
  {
    name: 'patch waits',
    tables: { ...request, decisions: own },
    async make(on) {
      const opened = await on.held();
      const { id, payload_digest } = opened;
      await decide(on.rig, id, { type: 'patch', patched_payload: WIDER, payload_digest });
      return opened;
    },
  },
  {
    name: 'cancelled',
    tables: { ...request, ledger: own, cancellations: own },
    async make(on) {
      const opened = await on.held();
      await on.rig.call(on.rig.agent_api_key, 'POST', `/api/approval-requests/${opened.id}/cancel`, {});
      await resolved(on.rig, opened.id);
      return opened;
    },
  },
  {
    name: 'allowed by the firewall',
    tables: { ...request, ledger: own },
    async make(on) {
      const answer = await on.rig.call(on.rig.agent_api_key, 'POST', '/api/ingest', {
        service: 'auto',
        action: 'read',
        payload: { page: 1 },
      });
      on.ids.push(answer.body.id);
      return answer.body;
    },
  },
];

/** What readers are answered about one request. A member is undefined where the answer is a refusal, or nothing. */
interface Seen {
  /** What the approver is shown, and what the agent may run. */
  detail: any;
  status: any;
  listed: any;
  receipt: string | undefined;
  refusals: string[];
}

async function seen(on: Attempts, { id }: Opened): Promise<Seen> {
  const { rig } = on;
  const get = (key: string, path: string) => rig.call(key, 'GET', path);
  const [detail, status, list, receipt] = await Promise.all([
    get(rig.approver_api_key, `/api/approval-requests/${id}`),
    get(rig.agent_api_key, `/api/status/${id}`),
    get(rig.approver_api_key, '/api/approval-requests?limit=100'),
    get(rig.approver_api_key, `/api/approval-requests/${id}/receipt`),
  ]);
  const body = (answer: typeof detail) => (answer.status === 200 ? answer.body : undefined);
  return {
    detail: body(detail),
    status: body(status),
    listed: body(list)?.items.find((item: any) => item.id === id),
    receipt: body(receipt),
    // Not of the list: it is refused while any row in it is.
    refusals: [detail, status, receipt].flatMap((answer) =>
      answer.status >= 500 ? [String(answer.body?.title ?? answer.status)] : [],
    ),
  };
}

/** Members that say what an action is. */
const TERMS = [
  'id',
  'service',
  'action',
  'priority',
  'requested_by',
  'expires_at',
  'thread_id',
  'node',
  'findings',
  'verdict',
];
/** Members that say what may run, who decided it, and what ran. */
const FACTS = [
  ...['payload', 'payload_digest', 'digest_salt', 'executed_at', 'executed_by'],
  ...['permit'],
  ...['status', 'outcome', 'decision', 'resolved_at', 'patched_payload', 'proposed_patch'],
];
const pick = (from: any, names: string[]) => JSON.stringify(names.map((name) => from?.[name] ?? null));

/** Whether an answer is the true one, or says less: `pending` where there is an outcome, no execution or decision where there is one. */
function isTrue(before: any, after: any, { payload_digest }: Opened): boolean {
  if (after === undefined) return true;
  const isPending = after.outcome == null && ['pending', 'PENDING'].includes(after.status) && after.executed_at == null;
  // Without its outcome a patched request shows what was requested.
  if (isPending)
    return (
      pick(after, TERMS) === pick(before, TERMS) &&
      (after.payload_digest === undefined || after.payload_digest === payload_digest) // lists have none
    );
  const less = (value: any) => ({
    ...value,
    ...(after.executed_at == null && { executed_at: null, executed_by: null }),
    ...(after.permit?.state === 'free' && { permit: after.permit }),
    ...(after.decision?.reason === undefined && { decision: { ...value.decision, reason: undefined } }),
    ...(after.decision == null && { decision: null }),
    ...(after.patched_payload == null && { patched_payload: null }),
  });
  return pick(after, [...TERMS, ...FACTS]) === pick(less(before), [...TERMS, ...FACTS]);
}

const differences = (before: any, after: any): string =>
  Object.keys({ ...before, ...after })
    .filter((name) => pick(before, [name]) !== pick(after, [name]))
    .map((name) => `${name} ${JSON.stringify(after?.[name])} instead of ${JSON.stringify(before?.[name])}`)
    .join(', ');

/** Compares what readers are answered with what they were answered before. @returns what is untrue. */
function untruths(before: Seen, after: Seen, target: Opened): string[] {
  const differ = (name: 'detail' | 'status' | 'listed') =>
    isTrue(before[name], after[name], target) ? [] : [`${name}: ${differences(before[name], after[name])}`];
  return [
    ...differ('detail'),
    ...differ('status'),
    ...differ('listed'),
    ...(after.receipt !== undefined && after.receipt !== before.receipt ? ['another receipt'] : []),
    ...after.refusals.filter((code) => code !== 'not authentic'),
  ];
}

/** What the author of a change then tries with the workflow, and with the key of the patch's author. */
async function pressed(on: Attempts, { id, payload_digest }: Opened): Promise<void> {
  const rows = await on.rig.sql('select id, type, patched_digest from decisions where request_id = $1', [id]);
  const handle = on.rig.temporal.workflow.getHandle(approvalWorkflowId(id));
  for (const { id: decision_id, type, patched_digest } of rows)
    await handle
      .signal('decide_recorded', {
        decision_id,
        type,
        actor: 'dev-approver',
        payload_digest,
        ...(patched_digest !== null && { patched_digest }),
      })
      .catch(() => {});
}

/** A second claim that says `retryable`, as the attacker's process sends it: it is granted only where it was granted before. */
async function claimedAgain(
  on: Attempts,
  what: string,
  { id, payload_digest }: Opened,
  isUnknown: boolean,
): Promise<void> {
  const headers = { [CLAIM_HEADER]: randomBytes(32).toString('base64url') };
  const body = { payload_digest, retryable: true };
  const path = `/api/approval-requests/${id}/claim`;
  const answer = await on.rig.call(on.rig.agent_api_key, 'POST', path, body, headers);
  on.count.check(
    answer.status !== 201 || isUnknown,
    () => `${what}: the permit was claimed again, ${answer.text.slice(0, 200)} (${id})`,
  );
}

/** Columns that grant nothing: lists and schedules read them. */
const PROJECTION = ['workflow_started_at', 'resolved_at', 'status'];

/** Changes one column of one row of a fresh request, and compares what everybody is answered. */
async function variation(on: Attempts, kind: Kind, login: Login, change: Change): Promise<boolean> {
  const target = await kind.make(on);
  const { id, payload_digest } = target;
  const what = `${kind.name}: ${login} sets ${change.table}.${change.column} = ${change.value}`;
  const before = await seen(on, target);
  const restore = await changed(on.rig, login, change, kind.tables[change.table]!(id));
  if (restore === 'unchanged') return false;
  on.tried(`changed column of ${change.table}`);
  const after = await seen(on, target);
  const wrong = untruths(before, after, target);
  on.count.check(wrong.length === 0, () => `${what}: ${wrong.join('; ')} (${id})`);
  if (after.refusals.length > 0) await on.alarmed(what, target, 'forged_row', 'rolled_back', 'forged_receipt');
  if (change.table === 'claims') await claimedAgain(on, what, target, kind.name === 'of an unknown result');
  const isOpen = before.status?.status === 'PENDING';
  if (isOpen && !PROJECTION.includes(change.column)) {
    await pressed(on, target);
    const second = await decide(on.rig, id, {
      type: 'approve',
      payload_digest: before.detail.proposed_patch?.payload_digest ?? payload_digest,
    });
    // A decision names the digest of the action, whose terms are in another row than the one that was changed.
    const isSameAction =
      change.table !== 'approval_requests' ||
      (isTrue(before.detail, after.detail, target) && after.detail !== undefined);
    on.count.check(
      second.status !== 201 || (isSameAction && !before.detail.proposed_patch),
      () => `${what}: an approval was answered ${second.status} (${id})`,
    );
    const [row] = await on.rig.sql('select status, decision_id from ledger where request_id = $1', [id]);
    on.count.check(
      row === undefined || second.status === 201,
      () => `${what}: the request was settled, ${JSON.stringify(row)} (${id})`,
    );
    if (row) return true; // approved by a person who was shown the true action: the row is the product's again
  }
  await restore();
  return true;
}

/** Every column of every row that belongs to a request, each with several values. */
export async function requestRows(on: Attempts, random: () => number, most: number): Promise<void> {
  const all: [Kind, Change][] = [];
  for (const kind of KINDS)
    for (const table of Object.keys(kind.tables))
      for (const change of await changesOf(on.rig, table, random)) all.push([kind, change]);
  const chosen = shuffled(all, random).slice(0, most);
  await pooled(chosen, 2, async ([kind, change], at) => {
    const login = at % 2 === 0 ? 'owner' : 'application';
    const isDone = await variation(on, kind, login, change);
    if (!isDone && login === 'application') await variation(on, kind, 'owner', change); // that login may not write it
  });
}

/** Rows that the attacker deletes, and nothing is approved by it. */
export async function deletedRows(on: Attempts): Promise<void> {
  for (const kind of KINDS)
    for (const table of ['ledger', 'decisions', 'cancellations', 'claims'].filter((name) => kind.tables[name])) {
      const target = await kind.make(on);
      const before = await seen(on, target);
      await wrote(on.rig, 'owner', `delete from ${table} where ${kind.tables[table]!(target.id)}`);
      if (table === 'ledger')
        await wrote(
          on.rig,
          'owner',
          `update approval_requests set status = 'pending', resolved_at = null where id = '${target.id}'`,
        );
      on.tried('deleted row');
      const wrong = untruths(before, await seen(on, target), target);
      on.count.check(wrong.length === 0, () => `${kind.name}: ${table} deleted: ${wrong.join('; ')} (${target.id})`);
    }
}
