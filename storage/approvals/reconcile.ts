import type { Pool } from 'pg';
import type { DecisionRef, RequestRef } from '../../contracts/workflow.ts';
import type { Keyring } from '../../crypto/keyring.ts';
import type { WorkflowScanStore } from '../../domain/approval/ports.ts';
import type { DecisionRecord } from '../../domain/approval/record.ts';
import { acrossProjects, inProject, type Transaction } from '../db/transaction.ts';
import { readRequestRow } from './approval-requests.ts';
import { readLedgerRow } from './ledger.ts';

type Ref = { id: string; project_id: string };
const asRef = ({ id, project_id }: Ref): RequestRef => ({ project_id, request_id: id });

/**
 * Of these requests, those with an outcome older than the grace time. The decision is included only if an open workflow accepts
 * it: a workflow that has lost the proposed patch refuses an approval of that patch.
 */
async function closedAmong(
  tx: Transaction,
  request_ids: string[],
  graceMs: number,
): Promise<{ ref: RequestRef; decision: DecisionRef | undefined }[]> {
  type Row = Ref & { decision_id: string | null } & Pick<
      DecisionRecord,
      'type' | 'actor' | 'payload_digest' | 'patched_digest'
    >;
  const rows = await tx.query<Row>(
    `select l.request_id as id, l.project_id, d.id as decision_id, d.type, d.actor, d.payload_digest, d.patched_digest
     from ledger l join approval_requests r on r.id = l.request_id
       left join decisions d on d.id = l.decision_id and d.request_id = l.request_id and l.verified and d.payload_digest = r.payload_digest
     where l.request_id = any($1) and l.resolved_at < clock_timestamp() - $2 * interval '1 millisecond'`,
    [request_ids, graceMs],
  );
  return rows.map(({ decision_id, type, actor, payload_digest, patched_digest, ...row }) => ({
    ref: asRef(row),
    decision:
      decision_id === null
        ? undefined
        : { decision_id, type, actor, payload_digest, ...(patched_digest !== null && { patched_digest }) },
  }));
}

/** Requests without an outcome whose workflow started before the grace time, by id. */
async function unsettled(tx: Transaction, after: string, limit: number, graceMs: number): Promise<RequestRef[]> {
  const rows = await tx.query<Ref>(
    `select r.id, r.project_id from approval_requests r
     where r.status = 'pending' and r.id > $1 and r.workflow_started_at < clock_timestamp() - $3 * interval '1 millisecond'
       and not exists (select from ledger l where l.request_id = r.id)
     order by r.id limit $2`,
    [after, limit, graceMs],
  );
  return rows.map(asRef);
}

/**
 * Makes a range of the projection equal to the ledger, in both directions: a status without a ledger row becomes pending again.
 * `next` is where the next range begins; undefined at the end.
 */
async function repairProjections(
  tx: Transaction,
  after: string,
  limit: number,
): Promise<{ repaired: RequestRef[]; next: string | undefined }> {
  const differing = `select r.id, r.project_id, coalesce(l.status, 'pending') as status, l.resolved_at
     from (select id, project_id, status, resolved_at from approval_requests where id > $1 order by id limit $2) r
     left join ledger l on l.request_id = r.id
     where r.status <> coalesce(l.status, 'pending') or r.resolved_at is distinct from l.resolved_at`;
  const repaired = await tx.query<Ref>(
    `with differing as (${differing})
     update approval_requests r set status = d.status, resolved_at = d.resolved_at from differing d where r.id = d.id returning r.id, r.project_id`,
    [after, limit],
  );
  const [last] = await tx.query<{ id: string | null }>(
    'select max(id) as id from (select id from approval_requests where id > $1 order by id limit $2) batch',
    [after, limit],
  );
  return { repaired: repaired.map(asRef), next: last?.id ?? undefined };
}

export const workflowScanStore = (pool: Pool, keyring: Keyring): WorkflowScanStore => ({
  closedAmong: (request_ids: string[], graceMs: number) =>
    acrossProjects(pool, (tx) => closedAmong(tx, request_ids, graceMs)),
  unsettled: (after: string, limit: number, graceMs: number) =>
    acrossProjects(pool, (tx) => unsettled(tx, after, limit, graceMs)),
  unsettledRequest: async (ref) => {
    const sealer = await keyring.sealer(ref.project_id);
    return inProject(pool, ref.project_id, async (tx) =>
      (await readLedgerRow(tx, ref.request_id)) ? undefined : readRequestRow(tx, sealer, ref.request_id),
    );
  },
  repairProjections: (after: string, limit: number) =>
    acrossProjects(pool, (tx) => repairProjections(tx, after, limit)),
});
