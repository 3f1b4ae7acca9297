import type { Pool } from 'pg';
import type { RequestRef } from '../../contracts/workflow.ts';
import type { Keyring } from '../../crypto/keyring.ts';
import type { ClosedRequest, Scanned, WorkflowScanStore } from '../../domain/approval/ports.ts';
import type { DecisionRecord, RequestRecord } from '../../domain/approval/record.ts';
import { acrossProjects, inProject } from '../db/transaction.ts';
import { authenticListed, COLUMNS, type LedgerJson, readRequestRow } from './approval-requests.ts';
import { readLedgerRow } from './ledger.ts';
import { type Front, SEAL_FRONT_SQL } from './request-seal.ts';
import { scannedRows } from './scanned-rows.ts';

type Ref = { id: string; project_id: string };
type Listed = RequestRecord & Front & { ledger: LedgerJson | null };
const asRef = ({ id, project_id }: Ref): RequestRef => ({ project_id, request_id: id });

/**
 * Of these requests, those with an authentic outcome older than the grace time. The decision is included only if an open workflow
 * accepts it: a workflow that has lost the proposed patch refuses an approval of that patch.
 */
async function closedAmong(
  pool: Pool,
  keyring: Keyring,
  request_ids: string[],
  graceMs: number,
): Promise<Scanned<ClosedRequest>> {
  type Decision = Pick<DecisionRecord, 'id' | 'type' | 'actor' | 'payload_digest' | 'patched_digest'>;
  const rows = await acrossProjects(pool, (tx) =>
    tx.query<Listed & { decision: Decision | null }>(
      `select ${COLUMNS}, ${SEAL_FRONT_SQL}, to_json(l) as ledger, 
         case when d.id is not null then json_build_object('id', d.id, 'type', d.type, 'actor', d.actor,
           'payload_digest', d.payload_digest, 'patched_digest', d.patched_digest) end as decision
       from ledger l join approval_requests r on r.id = l.request_id and r.project_id = l.project_id
         left join decisions d on d.id = l.decision_id and d.request_id = l.request_id and l.verified and d.payload_digest = r.payload_digest
       where l.request_id = any($1) and l.resolved_at < clock_timestamp() - $2 * interval '1 millisecond'`,
      [request_ids, graceMs],
    ),
  );
  return scannedRows(keyring, rows, async (sealer, { decision, ...row }) => {
    await authenticListed(sealer, row);
    if (!decision) return { ref: asRef(row), decision: undefined };
    const { id, type, actor, payload_digest, patched_digest } = decision;
    return {
      ref: asRef(row),
      decision: { decision_id: id, type, actor, payload_digest, ...(patched_digest !== null && { patched_digest }) },
    };
  });
}

/** Requests without an outcome whose workflow started before the grace time, by id. */
async function unsettled(pool: Pool, after: string, limit: number, graceMs: number): Promise<RequestRef[]> {
  const rows = await acrossProjects(pool, (tx) =>
    tx.query<Ref>(
      `select r.id, r.project_id from approval_requests r
       where r.status = 'pending' and r.id > $1 and r.workflow_started_at < clock_timestamp() - $3 * interval '1 millisecond'
         and not exists (select from ledger l where l.request_id = r.id)
       order by r.id limit $2`,
      [after, limit, graceMs],
    ),
  );
  return rows.map(asRef);
}

/**
 * Makes a range of the projection equal to the ledger, in both directions: a status without a ledger row becomes pending again. A
 * ledger row that is not authentic is not copied. `next` is where the next range begins; undefined at the end.
 */
async function repairProjections(
  pool: Pool,
  keyring: Keyring,
  after: string,
  limit: number,
): Promise<Scanned<RequestRef> & { next: string | undefined }> {
  const [differing, [last]] = await acrossProjects(pool, (tx) =>
    Promise.all([
      tx.query<Listed>(
        `select ${COLUMNS}, ${SEAL_FRONT_SQL}, to_json(l) as ledger
         from (select * from approval_requests where id > $1 order by id limit $2) r left join ledger l on l.request_id = r.id
         where r.status <> coalesce(l.status, 'pending') or r.resolved_at is distinct from l.resolved_at`,
        [after, limit],
      ),
      tx.query<{ id: string | null }>(
        'select max(id) as id from (select id from approval_requests where id > $1 order by id limit $2) batch',
        [after, limit],
      ),
    ]),
  );
  const { rows, refused } = await scannedRows(keyring, differing, authenticListed);
  const repaired =
    rows.length === 0
      ? []
      : await acrossProjects(pool, (tx) =>
          tx.query<Ref>(
            `update approval_requests r set status = coalesce(l.status, 'pending'), resolved_at = l.resolved_at
             from unnest($1::text[]) as differing (id) left join ledger l on l.request_id = differing.id
             where r.id = differing.id returning r.id, r.project_id`,
            [rows.map(({ id }) => id)],
          ),
        );
  return { rows: repaired.map(asRef), refused, next: last?.id ?? undefined };
}

export const workflowScanStore = (pool: Pool, keyring: Keyring): WorkflowScanStore => ({
  closedAmong: (request_ids, graceMs) => closedAmong(pool, keyring, request_ids, graceMs),
  unsettled: (after, limit, graceMs) => unsettled(pool, after, limit, graceMs),
  unsettledRequest: async (ref) => {
    const sealer = await keyring.sealer(ref.project_id);
    return inProject(pool, ref.project_id, async (tx) =>
      (await readLedgerRow(tx, ref.request_id)) ? undefined : readRequestRow(tx, sealer, ref.request_id),
    );
  },
  repairProjections: (after, limit) => repairProjections(pool, keyring, after, limit),
});
