import type { Sealer } from '../../crypto/keyring.ts';
import type { RecordedSpan } from '../../domain/approval/ports.ts';
import type { RecordedRequest, RequestRecord, RequestSecret } from '../../domain/approval/record.ts';
import type { Transaction } from '../db/transaction.ts';
import { sealContext } from './approval-requests.ts';

/** Requests of a span, newest first, unsealed, to be screened again or counted. @throws SealBroken */
export async function recordedRequests(
  tx: Transaction,
  sealer: Sealer,
  { since_ms, limit, after }: RecordedSpan,
): Promise<RecordedRequest[]> {
  const rows = await tx.query<
    Pick<RequestRecord, 'id' | 'service' | 'action' | 'verdict' | 'requested_by' | 'created_at'> & { sealed: Buffer }
  >(
    `select id, service, action, verdict, requested_by, created_at, sealed from approval_requests
     where project_id = $1 and created_at >= now() - $2 * interval '1 millisecond'
       and ($3::timestamptz is null or (created_at, id) < ($3::timestamptz, $4))
     order by created_at desc, id desc limit $5`,
    [tx.project_id, since_ms, after?.created_at ?? null, after?.id ?? '', limit],
  );
  return Promise.all(
    rows.map(async ({ sealed, ...row }) => {
      const { payload, context } = (await sealer.unseal(sealContext(row.id), sealed)) as RequestSecret;
      return { ...row, payload, context };
    }),
  );
}
