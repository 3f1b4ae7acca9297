import type { ActionContext } from '../../contracts/action.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import type { ThreadSpan } from '../../domain/approval/ports.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';
import { COLUMNS } from '../approvals/approval-requests.ts';
import { type Removal, SEALED_SQL, unsealedRequest } from '../approvals/request-seal.ts';
import type { Transaction } from '../db/transaction.ts';

/** Of a request whose context was removed: it may have had any label. */
const EVERY_LABEL: ActionContext = { untrusted: true, private: true };

/** Reads the contexts of an agent's last requests in a thread, newest first. @throws RowForged, SealBroken */
export async function threadContexts(
  tx: Transaction,
  sealer: Sealer,
  { thread_id, requested_by, limit }: ThreadSpan,
): Promise<ActionContext[]> {
  const rows = await tx.query<RequestRecord & Removal & { sealed: Buffer }>(
    `select ${COLUMNS}, ${SEALED_SQL} from approval_requests r
     where r.project_id = $1 and r.thread_id = $2 and r.requested_by = $3
     order by r.created_at desc limit $4`,
    [tx.project_id, thread_id, requested_by, limit],
  );
  const requests = await Promise.all(rows.map((row) => unsealedRequest(sealer, row)));
  return requests.map((request) => (request.payload_removed_at ? EVERY_LABEL : request.context));
}
