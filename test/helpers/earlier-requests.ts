import type pg from 'pg';
import { newId } from '../../crypto/ids.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import type { Signer } from '../../crypto/signing.ts';
import type { LedgerRecord, NewRequest, RequestRecord } from '../../domain/approval/record.ts';
import { payloadDigest, saltBytes } from '../../domain/digest.ts';
import { statementOf } from '../../domain/receipt/statement.ts';
import { INSERT_COLUMNS, insertValues } from '../../storage/approvals/insert-request.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { newRequest } from './new-request.ts';

export const DAY_MS = 86_400_000;
const PATCHED_SALT = 'cGF0Y2g'.padEnd(43, 'A');

/** Writes requests of earlier days, authentic, as the product would have written them then. */
export function earlierRequests(pool: pg.Pool, sealer: Sealer, signer: Signer) {
  const { project_id } = sealer;
  /** `days_ago` is the age of the outcome; the request is a minute older. */
  async function closed(days_ago: number, given: Partial<NewRequest> = {}, patch?: { amount: number }) {
    const resolved_at = new Date(Date.now() - days_ago * DAY_MS);
    const request = await opened(new Date(resolved_at.getTime() - 60_000), given);
    const { service, action } = request;
    const payload_digest = patch
      ? payloadDigest(saltBytes(PATCHED_SALT), { service, action, payload: patch })
      : request.payload_digest;
    const decision_id = newId('dec');
    const row: Omit<LedgerRecord, 'receipt'> = {
      request_id: request.id,
      ...{ status: 'approved', cause: 'person', payload_digest, decision_id, actor: 'ana', channel: 'api' },
      verified: true,
      resolved_at,
    };
    const decision = {
      ...{ request_id: request.id, type: patch ? 'patch' : 'approve', actor: 'ana', channel: 'api' },
      payload_digest: request.payload_digest,
      patched_digest: patch ? payload_digest : null,
      sealed: await sealer.seal(['decision', request.id, decision_id], {
        reason: 'because of ana',
        ...(patch && { patched_payload: patch, salt: PATCHED_SALT }),
      }),
      created_at: resolved_at,
      key_made_by: null,
      payload_removed_at: null,
    };
    const receipt = await signer.sign(statementOf(request, row));
    await inProject(pool, project_id, async (tx) => {
      await tx.query(
        `insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest, patched_digest, sealed, created_at, mac)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [
          ...[decision_id, project_id, request.id, decision.type, 'ana', 'api', request.payload_digest],
          ...[decision.patched_digest, decision.sealed, resolved_at, sealer.macOf('decision', decision_id, decision)],
        ],
      );
      const all = { project_id, ...row, receipt };
      await tx.query(
        `insert into ledger (${Object.keys(all).join(', ')}) values (${Object.keys(all).map((_, i) => `$${i + 1}`)})`,
        Object.values(all),
      );
      await tx.query("update approval_requests set status = 'approved', resolved_at = $2 where id = $1", [
        request.id,
        resolved_at,
      ]);
    });
    return request.id;
  }

  async function opened(created_at: Date, given: Partial<NewRequest> = {}): Promise<RequestRecord> {
    const times = { created_at, expires_at: new Date(created_at.getTime() + 400 * DAY_MS) };
    const request = newRequest(given);
    const values = await insertValues(sealer, request, times);
    await inProject(pool, project_id, (tx) =>
      tx.query(
        `insert into approval_requests (${INSERT_COLUMNS}, status) values (${values.map((_, i) => `$${i + 1}`)}, 'pending')`,
        values,
      ),
    );
    return { ...request, ...times, project_id, status: 'pending', resolved_at: null };
  }

  return { closed, opened };
}
