import type { Sealer } from '../../crypto/keyring.ts';
import type { RecordedSpan } from '../../domain/approval/ports.ts';
import type { RecordedRequest, RequestRecord } from '../../domain/approval/record.ts';
import type { Transaction } from '../db/transaction.ts';
import { COLUMNS } from './approval-requests.ts';
import { unsealedRequest } from './request-seal.ts';

/** Requests of a span, newest first, unsealed, to be screened again or counted. @throws RowForged */
export async function recordedRequests(
  tx: Transaction,
  sealer: Sealer,
  { since_ms, limit, after }: RecordedSpan,
): Promise<RecordedRequest[]> {
  const rows = await tx.query<RequestRecord & { sealed: Buffer }>(
    `select ${COLUMNS}, r.sealed from approval_requests r
     where r.project_id = $1 and r.created_at >= now() - $2 * interval '1 millisecond'
       and ($3::timestamptz is null or (r.created_at, r.id) < ($3::timestamptz, $4))
     order by r.created_at desc, r.id desc limit $5`,
    [tx.project_id, since_ms, after?.created_at ?? null, after?.id ?? '', limit],
  );
  return Promise.all(rows.map((row) => unsealedRequest(sealer, row)));
}
