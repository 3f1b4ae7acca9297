import type { ProposedPatch } from '../../contracts/approval-request.ts';
import type { Finding, PatchScreening } from '../../contracts/verdict.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import type { DecisionRecord, DecisionSecret } from '../../domain/approval/record.ts';
import { notify } from '../db/events.ts';
import type { Transaction } from '../db/transaction.ts';
import { sealContext as decisionContext } from './decisions.ts';

const sealContext = (request_id: string, id: string) => ['screening', request_id, id] as const;

/**
 * Records the result of the screening of a patch, with its findings for the author. Written once, and a repeat gets the first
 * result: a refused patch stays refused under a later policy.
 */
export async function recordScreening(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  id: string,
  screening: PatchScreening,
  findings: Finding[],
): Promise<PatchScreening> {
  const sealed = await sealer.seal(sealContext(request_id, id), findings);
  const [first] = await tx.query<{ key_id: string }>(
    `update decisions d set screening = $4, screened_at = date_trunc('milliseconds', clock_timestamp()), sealed_screening = $5
     from approval_requests r
     where d.project_id = $1 and d.request_id = $2 and d.id = $3 and d.type = 'patch' and d.screening is null and r.id = d.request_id
     returning r.key_id`,
    [tx.project_id, request_id, id, screening, sealed],
  );
  if (first) {
    if (screening === 'second_approver')
      await notify(tx, 'approval_request.patch_proposed', { id: request_id, key_id: first.key_id });
    return screening;
  }
  const [recorded] = await tx.query<Pick<DecisionRecord, 'screening'>>(
    'select screening from decisions where project_id = $1 and request_id = $2 and id = $3',
    [tx.project_id, request_id, id],
  );
  return recorded?.screening ?? 'refused';
}

export async function readScreening(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
  id: string,
): Promise<Finding[] | undefined> {
  const [row] = await tx.query<{ sealed_screening: Buffer | null }>(
    'select sealed_screening from decisions where project_id = $1 and request_id = $2 and id = $3',
    [tx.project_id, request_id, id],
  );
  return row?.sealed_screening
    ? ((await sealer.unseal(sealContext(request_id, id), row.sealed_screening)) as Finding[])
    : undefined;
}

/** The patch that waits for a second approver, while the request is pending: the last one that was screened. @throws SealBroken */
export async function readProposal(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
): Promise<ProposedPatch | undefined> {
  const [row] = await tx.query<{
    id: string;
    actor: string;
    patched_digest: string;
    screened_at: Date;
    sealed: Buffer;
    sealed_screening: Buffer;
  }>(
    `select id, actor, patched_digest, screened_at, sealed, sealed_screening from decisions
     where project_id = $1 and request_id = $2 and screening = 'second_approver' order by screened_at desc, id desc limit 1`,
    [tx.project_id, request_id],
  );
  if (!row) return undefined;
  const { patched_payload, salt } = (await sealer.unseal(
    decisionContext(request_id, row.id),
    row.sealed,
  )) as DecisionSecret;
  if (!patched_payload || salt === undefined) return undefined;
  return {
    decision_id: row.id,
    by: row.actor,
    at: row.screened_at.toISOString(),
    payload: patched_payload,
    payload_digest: row.patched_digest,
    digest_salt: salt,
    findings: (await sealer.unseal(sealContext(request_id, row.id), row.sealed_screening)) as Finding[],
  };
}
