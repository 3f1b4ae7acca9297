import type { Pool } from 'pg';
import { EVENT_NAMES, type EventName } from '../../contracts/events.ts';
import { isId } from '../../crypto/ids.ts';
import type { Transaction } from './transaction.ts';

/**
 * What processes of the product send each other through PostgreSQL. Every login that may connect to the database can send and read
 * these, without any right on a table. So a notice is a hint: it names a row to look at, and says nothing else.
 */
export const REQUESTS = 'letsping';
export const DELIVERIES = 'letsping_deliveries';
export const REVOKED_KEYS = 'letsping_revoked';

/** The letter before the request's id. */
const LETTERS = {
  'approval_request.opened': 'o',
  'approval_request.held': 'h',
  'approval_request.patch_proposed': 'p',
  'approval_request.resolved': 'r',
  'approval_request.permit_changed': 'c',
  'approval_request.executed': 'e',
} satisfies Record<EventName, string>;
/** Opened and resolved: what the firewall closed. */
const SETTLED = 's';
const EVENTS = new Map<string, readonly EventName[]>([
  ...EVENT_NAMES.map((event) => [LETTERS[event], [event]] as const),
  [SETTLED, ['approval_request.opened', 'approval_request.resolved']],
]);
/** What happened before. Its own notice may be later, because another process sends it, or lost with that process. */
const IMPLIED: Partial<Record<string, readonly EventName[]>> = {
  [LETTERS['approval_request.held']]: ['approval_request.opened'],
  [LETTERS['approval_request.resolved']]: ['approval_request.opened', 'approval_request.held'],
};

/** `settled`: opened and resolved by one commit. */
export type NoticeKind = EventName | 'settled';

/** The text of a notice on `REQUESTS`. */
export const requestNotice = (kind: NoticeKind, request_id: string): string =>
  `${kind === 'settled' ? SETTLED : LETTERS[kind]}${request_id}`;

/** Notifies every api of events of earlier commits. */
export async function sendRequestNotices(pool: Pool, texts: string[]): Promise<void> {
  await pool.query(`select pg_notify('${REQUESTS}', text) from unnest($1::text[]) as text`, [texts]);
}

/** SQL expression that notifies the workers of an outbox row, so that they start its delivery. The argument is an SQL expression. */
export const deliveryNotification = (delivery_id: string): string => `pg_notify('${DELIVERIES}', ${delivery_id})`;

/** Notifies every api that a key was revoked. */
export async function notifyRevoked(tx: Transaction, key_id: string): Promise<void> {
  await tx.query(`select pg_notify('${REVOKED_KEYS}', $1)`, [key_id]);
}

/** An event that may have happened. */
export interface EventHint {
  event: EventName;
  request_id: string;
  /** The notice is about a later event. */
  implied: boolean;
}

/** The events that a notice on `REQUESTS` is about; undefined for any other text. Never throws. */
export function parseRequestNotice(payload: string): EventHint[] | undefined {
  const request_id = payload.slice(1);
  const letter = payload.slice(0, 1);
  const events = EVENTS.get(letter);
  if (!events || !isId('req', request_id)) return undefined;
  const hints = (names: readonly EventName[], implied: boolean) =>
    names.map((event) => ({ event, request_id, implied }));
  return [...hints(IMPLIED[letter] ?? [], true), ...hints(events, false)];
}

/** The database makes these ids (migration 0006). */
const DELIVERY_ID = /^dlv_[0-9a-f]{32}$/;

/** The id of an outbox row; undefined for any other text. Never throws. */
export const parseDeliveryNotice = (payload: string): string | undefined =>
  DELIVERY_ID.test(payload) ? payload : undefined;

/** The id of an API key; undefined for any other text. Never throws. */
export const parseRevokedNotice = (payload: string): string | undefined => (isId('key', payload) ? payload : undefined);
