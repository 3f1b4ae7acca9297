import type { Sealer } from '../../crypto/keyring.ts';
import type { RecordedSpan } from '../../domain/approval/ports.ts';
import type { EmptiedRequest, RecordedRequest, RequestRecord } from '../../domain/approval/record.ts';
import type { Transaction } from '../db/transaction.ts';
import { COLUMNS } from './approval-requests.ts';
import { type Removal, SEALED_SQL, unsealedRequest } from './request-seal.ts';

/** Requests with a payload, and those without, have an index each. */
const part = (removed: 'is null' | 'is not null') => `select ${COLUMNS}, ${SEALED_SQL} from approval_requests r
  where r.project_id = $1 and r.payload_removed_at ${removed} and r.created_at >= now() - $2 * interval '1 millisecond'
    and ($3::timestamptz is null or (r.created_at, r.id) < ($3::timestamptz, $4))
  order by r.created_at desc, r.id desc limit $5`;

/** Requests of a span, newest first, unsealed, to be screened again or counted. @throws RowForged */
export async function recordedRequests(
  tx: Transaction,
  sealer: Sealer,
  { since_ms, limit, after }: RecordedSpan,
): Promise<(RecordedRequest | EmptiedRequest)[]> {
  const rows = await tx.query<RequestRecord & Removal & { sealed: Buffer }>(
    `(${part('is null')}) union all (${part('is not null')}) order by created_at desc, id desc limit $5`,
    [tx.project_id, since_ms, after?.created_at ?? null, after?.id ?? '', limit],
  );
  return Promise.all(rows.map((row) => unsealedRequest(sealer, row)));
}
