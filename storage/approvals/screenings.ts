import type { ProposedPatch } from '../../contracts/approval-request.ts';
import type { Finding, PatchScreening } from '../../contracts/verdict.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { clock, type Transaction } from '../db/transaction.ts';
import { unsealRow } from '../keys/unseal-row.ts';
import { readDecisionRow, readProposalRow, unsealDecision } from './decisions.ts';

const sealContext = (request_id: string, id: string) => ['screening', request_id, id] as const;

/** @throws RowForged */
const unsealFindings = async (sealer: Sealer, request_id: string, id: string, sealed: Uint8Array): Promise<Finding[]> =>
  (await unsealRow(sealer, { kind: 'screening', id, request_id }, sealContext(request_id, id), sealed)) as Finding[];

/**
 * Records the result of the screening of a patch, with its findings for the author. Written once, and a repeat gets the first
 * result: a refused patch stays refused under a later policy.
 * @throws RowForged
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
  const screened_at = await clock(tx);
  const [first] = await tx.query(
    `update decisions set screening = $4, screened_at = $6, sealed_screening = $5, screening_mac = $7
     where project_id = $1 and request_id = $2 and id = $3 and type = 'patch' and screening is null returning 1`,
    [
      tx.project_id,
      request_id,
      id,
      screening,
      sealed,
      screened_at,
      sealer.macOf('screening', id, { request_id, screening, screened_at }),
    ],
  );
  if (first) return screening;
  return (await readDecisionRow(tx, sealer, request_id, id))?.screening ?? 'refused';
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
  return row?.sealed_screening ? await unsealFindings(sealer, request_id, id, row.sealed_screening) : undefined;
}

/** The patch that waits for a second approver, while the request is pending: the last one that was screened. @throws RowForged */
export async function readProposal(
  tx: Transaction,
  sealer: Sealer,
  request_id: string,
): Promise<ProposedPatch | undefined> {
  const found = await readProposalRow(tx, sealer, request_id);
  if (!found?.sealed || !found.sealed_screening) return undefined;
  const { record: row, sealed, sealed_screening } = found;
  const { patched_payload, salt } = await unsealDecision(sealer, request_id, row.id, sealed);
  if (!patched_payload || salt === undefined || row.patched_digest === null || row.screened_at === null)
    return undefined;
  return {
    decision_id: row.id,
    by: row.actor,
    at: row.screened_at.toISOString(),
    payload: patched_payload,
    payload_digest: row.patched_digest,
    digest_salt: salt,
    findings: await unsealFindings(sealer, request_id, row.id, sealed_screening),
  };
}
