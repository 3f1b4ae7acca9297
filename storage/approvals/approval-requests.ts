import type { Verdict } from '../../contracts/verdict.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import type { RequestQuery } from '../../domain/approval/ports.ts';
import type {
  LedgerRecord,
  ListedRequest,
  RequestRecord,
  RequestSecret,
  UnsealedRequest,
} from '../../domain/approval/record.ts';
import { notification } from '../db/events.ts';
import type { Transaction } from '../db/transaction.ts';

const COLUMNS = `r.id, r.project_id, r.service, r.action, r.priority, r.status, r.verdict, r.held_by, r.finding_ids, r.requested_by, r.key_id,
  r.thread_id, r.node, r.payload_digest, r.policy_version, r.policy_digest, r.accept_unsigned_signals, r.created_at, r.expires_at, r.resolved_at`;

export const sealContext = (id: string) => ['request', id] as const;

/** The clear columns. `lock` makes every other writer of this request wait until the transaction ends. */
export async function readRequestRow(
  tx: Transaction,
  id: string,
  { lock = false } = {},
): Promise<RequestRecord | undefined> {
  const rows = await tx.query<RequestRecord>(
    `select ${COLUMNS} from approval_requests r where r.project_id = $1 and r.id = $2${lock ? ' for update' : ''}`,
    [tx.project_id, id],
  );
  return rows[0];
}

export async function readVerdict(tx: Transaction, id: string): Promise<Verdict | undefined> {
  const [row] = await tx.query<Pick<RequestRecord, 'verdict'>>(
    'select verdict from approval_requests where project_id = $1 and id = $2',
    [tx.project_id, id],
  );
  return row?.verdict;
}

/** @throws SealBroken */
export async function readRequest(tx: Transaction, sealer: Sealer, id: string): Promise<UnsealedRequest | undefined> {
  const [found] = await tx.query<RequestRecord & { sealed: Buffer }>(
    `select ${COLUMNS}, r.sealed from approval_requests r where r.project_id = $1 and r.id = $2`,
    [tx.project_id, id],
  );
  if (!found) return undefined;
  const { sealed, ...row } = found;
  return { ...row, ...((await sealer.unseal(sealContext(id), sealed)) as RequestSecret) };
}

/** A page, newest first. */
export async function listRequests(tx: Transaction, query: RequestQuery): Promise<ListedRequest[]> {
  const values: unknown[] = [tx.project_id];
  const where = ['r.project_id = $1'];
  const narrow = (sql: string, ...given: unknown[]) => {
    if (given.some((value) => value === undefined)) return;
    where.push(sql.replaceAll('?', () => `$${values.push(given.shift())}`));
  };
  narrow('r.status = ?', query.status);
  narrow('r.service = ?', query.service);
  narrow('r.action = ?', query.action);
  narrow('r.thread_id = ?', query.thread_id);
  narrow('r.key_id = ?', query.key_id);
  narrow('(r.created_at, r.id) < (?::timestamptz, ?)', query.after?.created_at, query.after?.id);
  const rows = await tx.query<
    RequestRecord & {
      l_status: LedgerRecord['status'] | null;
      l_cause: LedgerRecord['cause'];
      l_digest: string;
      l_verified: boolean;
    }
  >(
    `select ${COLUMNS}, l.status as l_status, l.cause as l_cause, l.payload_digest as l_digest, l.verified as l_verified
     from approval_requests r left join ledger l on l.request_id = r.id
     where ${where.join(' and ')} order by r.created_at desc, r.id desc limit $${values.push(query.limit)}`,
    values,
  );
  return rows.map(({ l_status, l_cause, l_digest, l_verified, ...row }) => ({
    ...row,
    ledger:
      l_status === null ? null : { status: l_status, cause: l_cause, payload_digest: l_digest, verified: l_verified },
  }));
}

const STARTED = `with started as (
    update approval_requests set workflow_started_at = now() where project_id = $1 and id = $2 and workflow_started_at is null
    returning id, project_id, key_id)
  select ${notification('approval_request.held', 'id', 'project_id', 'key_id')} from started`;

/** Temporal has the workflow: the reconciler leaves the request alone, and listeners get `approval_request.held`. */
export async function markStarted(tx: Transaction, id: string): Promise<void> {
  await tx.query(STARTED, [tx.project_id, id]);
}

/** Held requests that Temporal does not know. For `acrossProjects`. Younger ones may still be in the start queue of an api. */
export async function unstartedRequests(tx: Transaction, limit: number): Promise<RequestRecord[]> {
  return tx.query<RequestRecord>(
    `select ${COLUMNS} from approval_requests r where r.status = 'pending' and r.workflow_started_at is null and r.created_at < now() - interval '10 seconds'
     order by r.created_at limit $1`,
    [limit],
  );
}
