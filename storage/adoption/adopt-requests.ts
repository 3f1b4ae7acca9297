import { SEAL_FRONT, SealBroken, type SealContext } from '../../crypto/envelope.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { LedgerRecord, RequestRecord, RequestSecret } from '../../domain/approval/record.ts';
import { payloadDigest, saltBytes } from '../../domain/digest.ts';
import { COLUMNS } from '../approvals/approval-requests.ts';
import { authenticateOutcome } from '../approvals/authentic-outcome.ts';
import { requestContext } from '../approvals/request-seal.ts';
import type { Transaction } from '../db/transaction.ts';
import { type AdoptedProject, vouch } from './report.ts';

/** A payload has up to 4 MB. */
const BATCH = 50;

/** How releases before migration 0007 sealed a request: its terms were not part of the context. */
const formerContext = (id: string): SealContext => ['request', id];

type SealedRow = RequestRecord & { sealed: Buffer };

/** A request of this database is sealed as this release seals: its rows were adopted before. */
export class AdoptedBefore extends Error {
  override readonly name = 'AdoptedBefore';
}

async function ledgerRows(tx: Transaction, ids: string[]): Promise<Map<string, LedgerRecord>> {
  const rows = await tx.query<LedgerRecord>(
    `select request_id, status, cause, payload_digest, decision_id, actor, channel, verified, resolved_at, receipt
     from ledger where project_id = $1 and request_id = any($2)`,
    [tx.project_id, ids],
  );
  return new Map(rows.map((row) => [row.request_id, row]));
}

/** The sealed part, or why the request is not adopted. */
async function unsealedFormer(
  sealer: Sealer,
  { sealed, ...row }: SealedRow,
  outcome: LedgerRecord | undefined,
): Promise<RequestSecret | string> {
  if (sealer.isSealedUnder(requestContext(row), sealed.subarray(0, SEAL_FRONT))) throw new AdoptedBefore(row.id);
  let secret: RequestSecret;
  try {
    secret = (await sealer.unseal(formerContext(row.id), sealed)) as RequestSecret;
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error;
    return 'it cannot be unsealed';
  }
  const { service, action } = row;
  const shown = payloadDigest(saltBytes(secret.salt), { service, action, payload: secret.payload }, sha256);
  if (shown !== row.payload_digest) return 'its digest is not that of its service, action and payload';
  try {
    if (outcome) await authenticateOutcome(sealer, row, outcome);
  } catch (error) {
    if (!(error instanceof RowForged)) throw error;
    return 'the receipt of its outcome does not verify, or says something else';
  }
  return secret;
}

/**
 * Seals every request again, with its terms in the context. An open one is vouched for as it stands. A closed one is sealed again if
 * its receipt verifies and says what its row says. The others stay unreadable, and are reported.
 * @returns the ids of the open requests.
 * @throws AdoptedBefore
 */
export async function adoptRequests(tx: Transaction, sealer: Sealer, report: AdoptedProject): Promise<void> {
  for (let after = ''; ; ) {
    const rows = await tx.query<SealedRow>(
      `select ${COLUMNS}, r.sealed from approval_requests r where r.project_id = $1 and r.id > $2 order by r.id limit $3`,
      [tx.project_id, after, BATCH],
    );
    const last = rows.at(-1);
    if (!last) return;
    after = last.id;
    const outcomes = await ledgerRows(
      tx,
      rows.map(({ id }) => id),
    );
    const resealed: { id: string; sealed: Buffer }[] = [];
    for (const row of rows) {
      const { id, service, action, requested_by } = row;
      const outcome = outcomes.get(id);
      const secret = await unsealedFormer(sealer, row, outcome);
      if (typeof secret === 'string') {
        vouch(report.refused, { request_id: id, why: secret });
        continue;
      }
      resealed.push({ id, sealed: await sealer.seal(requestContext(row), secret) });
      if (outcome) report.closed_requests += 1;
      else vouch(report.open_requests, { id, service, action, requested_by });
    }
    await tx.query(
      `update approval_requests r set sealed = n.sealed from unnest($2::text[], $3::bytea[]) as n (id, sealed)
       where r.project_id = $1 and r.id = n.id`,
      [tx.project_id, resealed.map(({ id }) => id), resealed.map(({ sealed }) => sealed)],
    );
  }
}
