import { REQUEST_STATUSES, type RequestStatus } from '../../contracts/approval-request.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import { isSameOwner } from '../../domain/access/same-owner.ts';
import { type ForgedRow, isForgedRow } from '../../domain/approval/forged-row.ts';
import { permitOf } from '../../domain/approval/permit.ts';
import type { ListedRequests, RequestQuery } from '../../domain/approval/ports.ts';
import type { LedgerRecord, ListedRequest, RequestRecord, StoredRequest } from '../../domain/approval/record.ts';
import type { Transaction } from '../db/transaction.ts';
import { authenticateOutcome } from './authentic-outcome.ts';
import { authenticClaim, type ClaimJson } from './claims.ts';
import {
  authenticTerms,
  type Front,
  type Removal,
  SEAL_FRONT_SQL,
  SEALED_SQL,
  unsealedRequest,
} from './request-seal.ts';

/** The clear columns of a request `r`. */
export const COLUMNS = `r.id, r.project_id, r.service, r.action, r.priority, r.status, r.verdict, r.held_by, r.finding_ids, r.requested_by, r.key_id,
  r.thread_id, r.node, r.payload_digest, r.policy_version, r.policy_digest, r.accept_unsigned_signals, r.created_at, r.expires_at, r.resolved_at`;

/** The clear columns. `lock` makes every other writer of this request wait until the transaction ends. @throws RowForged */
export async function readRequestRow(
  tx: Transaction,
  sealer: Sealer,
  id: string,
  { lock = false } = {},
): Promise<RequestRecord | undefined> {
  const [row] = await tx.query<RequestRecord & Front>(
    `select ${COLUMNS}, ${SEAL_FRONT_SQL} from approval_requests r where r.project_id = $1 and r.id = $2${lock ? ' for update' : ''}`,
    [tx.project_id, id],
  );
  return row && authenticTerms(sealer, row);
}

/** @throws RowForged */
export async function readRequest(tx: Transaction, sealer: Sealer, id: string): Promise<StoredRequest | undefined> {
  const [found] = await tx.query<RequestRecord & Removal & { sealed: Buffer }>(
    `select ${COLUMNS}, ${SEALED_SQL} from approval_requests r where r.project_id = $1 and r.id = $2`,
    [tx.project_id, id],
  );
  return found && unsealedRequest(sealer, found);
}

/** The spellings of one owner that have keys. Releases before took several; what was requested under each is theirs. */
const spellingsOf = async (tx: Transaction, owner: string): Promise<string[]> => {
  const rows = await tx.query<{ owner: string }>('select distinct owner from api_keys where project_id = $1', [
    tx.project_id,
  ]);
  return rows.map((row) => row.owner).filter((other) => isSameOwner(other, owner));
};

/** As literals: PostgreSQL uses the index of what is not approved only if the statement itself excludes approved requests. */
const STATUS_IS = Object.fromEntries(REQUEST_STATUSES.map((status) => [status, `r.status = '${status}'`])) as Record<
  RequestStatus,
  string
>;

/** Driven by the index of open claims. A claim that another one has taken over is not the state of its permit. */
const UNKNOWN_PERMIT = `r.id in (select o.request_id from claims o where o.project_id = $1 and o.closed_as is null
    and (o.ended = 'failed' or o.ended is null and o.unknown_after < clock_timestamp()))
  and c.closed_as is null and (c.ended = 'failed' or c.ended is null and c.unknown_after < clock_timestamp())`;

/**
 * A page, newest first. The attacker writes to the database: a row that is not authentic is left out, and does not hide the others.
 */
export async function listRequests(tx: Transaction, sealer: Sealer, query: RequestQuery): Promise<ListedRequests> {
  const values: unknown[] = [tx.project_id];
  const where = ['r.project_id = $1'];
  const narrow = (sql: string, ...given: unknown[]) => {
    if (given.some((value) => value === undefined)) return;
    where.push(sql.replaceAll('?', () => `$${values.push(given.shift())}`));
  };
  if (query.status) where.push(STATUS_IS[query.status]);
  narrow('r.service = ?', query.service);
  narrow('r.action = ?', query.action);
  narrow('r.thread_id = ?', query.thread_id);
  narrow('r.requested_by = any(?)', query.agent && (await spellingsOf(tx, query.agent.owner)));
  narrow('r.service = any(?)', query.agent?.services ?? undefined);
  if (query.permit === 'unknown') where.push(UNKNOWN_PERMIT);
  narrow('(r.created_at, r.id) < (?::timestamptz, ?)', query.after?.created_at, query.after?.id);
  const limit = `$${values.push(query.limit + 1)}`;
  const part = (of: string) =>
    `select ${COLUMNS}, ${SEAL_FRONT_SQL}, to_json(l) as ledger, to_json(c) as claim, clock_timestamp() as now
     from approval_requests r left join ledger l on l.request_id = r.id
       left join lateral (select * from claims n where n.request_id = r.id order by n.attempt desc limit 1) c on l.status = 'approved'
     where ${where.join(' and ')}${of} order by r.created_at desc, r.id desc limit ${limit}`;
  // What is approved has two indexes by time: of requests with a payload, and of those without. The index by status has all others.
  const isByStatus = query.status !== undefined && query.status !== 'approved';
  const rows = await tx.query<ListedRow>(
    isByStatus
      ? part('')
      : `(${part(' and r.payload_removed_at is null')}) union all (${part(' and r.payload_removed_at is not null')})
         order by created_at desc, id desc limit ${limit}`,
    values,
  );
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const items: ListedRequest[] = [];
  const refused: ForgedRow[] = [];
  for (const row of shown) {
    try {
      const { claim, now, ...rest } = row;
      const listed = await authenticListed(sealer, rest);
      const isPermit = listed.status === 'approved';
      const newest = claim && isPermit ? authenticClaim(sealer, row.id, claim) : undefined;
      items.push({ ...listed, permit: isPermit ? permitOf(newest, now) : undefined });
    } catch (error) {
      if (!isForgedRow(error)) throw error;
      refused.push(error);
    }
  }
  const next = rows.length > shown.length && last ? { created_at: last.created_at, id: last.id } : undefined;
  return { items, refused, next };
}

/** A ledger row as PostgreSQL writes it as JSON. */
export type LedgerJson = Omit<LedgerRecord, 'resolved_at'> & { resolved_at: string };

type ListedRow = RequestRecord & Front & { ledger: LedgerJson | null; claim: ClaimJson | null; now: Date };

/** A request of a list, with its outcome if there is one. Its status is that of the ledger: the attacker edits the column. @throws RowForged */
export async function authenticListed(
  sealer: Sealer,
  { ledger, ...row }: RequestRecord & Front & { ledger: LedgerJson | null },
): Promise<RequestRecord & { ledger: LedgerJson | null }> {
  const request = authenticTerms(sealer, row);
  // A payload is removed after the outcome: the attacker has removed the ledger's row.
  if (!ledger && row.payload_removed_at) throw new RowForged('ledger', row.id);
  if (!ledger) return { ...request, status: 'pending', resolved_at: null, ledger };
  const resolved_at = new Date(ledger.resolved_at);
  await authenticateOutcome(sealer, request, { ...ledger, resolved_at });
  return { ...request, status: ledger.status, resolved_at, ledger };
}
