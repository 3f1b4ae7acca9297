import type { Pool } from 'pg';
import type { Sealer } from '../../crypto/keyring.ts';
import type { ClaimRecord } from '../../domain/approval/permit.ts';
import type { FirewallOutcome } from '../../domain/approval/ports.ts';
import type { NewRequest } from '../../domain/approval/record.ts';
import { createLanes, type LaneRow } from '../db/lanes.ts';
import { deliveryNotification } from '../db/notices.ts';
import { alone, ENTER_PROJECT } from '../db/transaction.ts';
import { valuesList } from '../db/values-list.ts';
import { insertOutcome } from './insert-outcome.ts';
import { INSERT_COLUMNS, INSERTED, insertValues, timeIsNow } from './insert-request.ts';
import { policyIsStill } from './policies.ts';

const OUTCOME = {
  status: 'text',
  resolved_at: 'timestamptz',
  cause: 'text',
  ledger_digest: 'text',
  channel: 'text',
  verified: 'boolean',
  receipt: 'text',
};
/** What a claim does not share with its request. Nulls for a request without one. */
const CLAIM = { token_sha256: 'bytea', retryable: 'boolean', unknown_after: 'timestamptz', mac: 'bytea' };
const NO_CLAIM = Object.keys(CLAIM).map(() => null);
const SEALED = Object.keys(INSERTED).indexOf('sealed');

/**
 * Writes the requests of one project that may be written, each judged by itself, and gives their ids. They are inserted in the order of
 * their ids: two statements with the same ids do not wait for each other in a circle. One request needs no list: its statement takes a
 * sixth less time.
 */
function openSettled(rows: number, withClaims: boolean): string {
  const types = { ...INSERTED, ...OUTCOME, ...(withClaims && CLAIM) };
  const names = Object.keys(types);
  const isList = rows > 1;
  const value = (name: string) => (isList ? `given.${name}` : `$${names.indexOf(name) + 1}`);
  const values = (...of: string[]) => of.map(value).join(', ');
  const list = valuesList([], Array(rows).fill(names), Object.values(types));
  const given = isList ? ` given (${names.join(', ')}) as (values ${list}),` : '';
  const source = isList ? 'project join given on given.project_id = project.id' : 'project';
  const written = isList ? 'opened join given using (project_id, id)' : 'opened';
  const [id, , ...others] = Object.keys(INSERTED);
  const claimed = `,
 claimed as (
   insert into claims (request_id, project_id, attempt, payload_digest, claimed_by, key_id, claimed_at, ${Object.keys(CLAIM).join(', ')})
   select request_id, opened.project_id, 1, ${values('payload_digest', 'requested_by', 'key_id', 'created_at', ...Object.keys(CLAIM))}
   from ${written}${isList ? ' where given.mac is not null' : ''})`;
  return `with ${ENTER_PROJECT},${given}
 opened as (
   insert into approval_requests (${INSERT_COLUMNS}, status, resolved_at)
   select ${value(id!)}, project.id, ${values(...others, 'status', 'resolved_at')} from ${source}
   where ${policyIsStill(value('policy_version'), 'project.id')} and ${timeIsNow(value('created_at'))}${isList ? ' order by given.id' : ''}
   on conflict (id) do nothing returning project_id, id, id as request_id),
 ${insertOutcome(written, {
   status: value('status'),
   resolved_at: value('resolved_at'),
   cause: value('cause'),
   payload_digest: value('ledger_digest'),
   decision_id: 'null',
   actor: 'null',
   channel: value('channel'),
   verified: value('verified'),
   receipt: value('receipt'),
 })}${withClaims ? claimed : ''}
select request_id from outcome union all select ${deliveryNotification('id')}::text from outbox`;
}

/** Prepared once per connection; there are few sizes (`lanes.ts`). */
const texts = new Map<string, string>();
function textOf(rows: number, withClaims: boolean): string {
  const name = `${rows} ${withClaims}`;
  const text = texts.get(name) ?? openSettled(rows, withClaims);
  texts.set(name, text);
  return text;
}

/** The first claim, by the key that opens the request, at that time. */
const claimOfOpener = (sealer: Sealer, claim: ClaimRecord): unknown[] => [
  claim.token_sha256,
  claim.retryable,
  claim.unknown_after.toISOString(),
  sealer.macOf('claim', claim.request_id, claim),
];

interface SettledRow extends LaneRow {
  id: string;
  values: unknown[];
  claim: unknown[] | undefined;
}

/**
 * Writes a request together with its outcome: what the firewall allows or blocks is one row and one ledger entry, and never
 * pending. False, and nothing written, when the id exists, when another version of the policy is in force, or when the
 * request's time is not within a second of the database's clock.
 */
export type InsertSettled = (
  sealer: Sealer,
  request: NewRequest,
  outcome: FirewallOutcome,
  claim: ClaimRecord | undefined,
) => Promise<boolean>;

/** Requests of one project that are in flight share a statement and its commit, which cost more than their rows. */
export function insertSettledRequests(pool: Pool): InsertSettled {
  const write = createLanes<SettledRow, boolean>(async (rows) => {
    const withClaims = rows.some(({ claim }) => claim);
    const values = rows.flatMap((row) => (withClaims ? [...row.values, ...(row.claim ?? NO_CLAIM)] : row.values));
    const written = await alone<{ request_id: string }>(pool, textOf(rows.length, withClaims), values);
    const ids = new Set(written.rows.map(({ request_id }) => request_id));
    return rows.map(({ id }) => ids.has(id));
  });
  return async (sealer, request, { request: { created_at, expires_at }, ledger }, claim) => {
    const inserted = await insertValues(sealer, request, { created_at, expires_at });
    return write(sealer.project_id, {
      id: request.id,
      bytes: (inserted[SEALED] as Buffer).length,
      claim: claim && claimOfOpener(sealer, claim),
      values: [
        ...inserted,
        ledger.status,
        ledger.resolved_at.toISOString(),
        ledger.cause,
        ledger.payload_digest,
        ledger.channel,
        ledger.verified,
        ledger.receipt,
      ],
    });
  };
}
