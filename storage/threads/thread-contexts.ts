import type { ActionContext } from '../../contracts/action.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import type { ThreadSpan } from '../../domain/approval/ports.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import { COLUMNS } from '../approvals/approval-requests.ts';
import { unsealedRequest } from '../approvals/request-seal.ts';
import type { Transaction } from '../db/transaction.ts';

/** Reads the contexts of an agent's last requests in a thread, newest first. @throws RowForged, SealBroken */
export async function threadContexts(
  tx: Transaction,
  sealer: Sealer,
  { thread_id, requested_by, limit }: ThreadSpan,
): Promise<ActionContext[]> {
  const rows = await tx.query<RequestRecord & { sealed: Buffer }>(
    `select ${COLUMNS}, r.sealed from approval_requests r
     where r.project_id = $1 and r.thread_id = $2 and r.requested_by = $3
     order by r.created_at desc limit $4`,
    [tx.project_id, thread_id, requested_by, limit],
  );
  return Promise.all(rows.map(async (row) => (await unsealedRequest(sealer, row)).context));
}
