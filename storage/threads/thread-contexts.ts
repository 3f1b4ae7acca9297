import type { ActionContext } from '../../contracts/action.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import type { ThreadSpan } from '../../domain/approval/ports.ts';
import type { RequestSecret } from '../../domain/approval/record.ts';
import { sealContext } from '../approvals/approval-requests.ts';
import type { Transaction } from '../db/transaction.ts';

/** Reads the contexts of an agent's last requests in a thread, newest first. @throws SealBroken */
export async function threadContexts(
  tx: Transaction,
  sealer: Sealer,
  { thread_id, requested_by, limit }: ThreadSpan,
): Promise<ActionContext[]> {
  const rows = await tx.query<{ id: string; sealed: Buffer }>(
    `select id, sealed from approval_requests
     where project_id = $1 and thread_id = $2 and requested_by = $3
     order by created_at desc limit $4`,
    [tx.project_id, thread_id, requested_by, limit],
  );
  return Promise.all(
    rows.map(async ({ id, sealed }) => ((await sealer.unseal(sealContext(id), sealed)) as RequestSecret).context),
  );
}
