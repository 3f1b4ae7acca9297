import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { ForgedRow } from '../domain/approval/forged-row.ts';

/**
 * Message authentication codes of rows that grant authority. The attacker writes to the database and does not have the root key: such
 * a row counts only with its MAC, so nothing counts that this product did not write. The key is derived from the project's key
 * (HKDF, RFC 5869), which a rotation of the root key rewraps and does not change.
 *
 *   key = HKDF-SHA-256(project key, info "letsping/v1 rows")
 *   mac = version(1) ‖ first 16 bytes of HMAC-SHA-256(key, JSON [kind, project, id, …fields in the order of ROW_FIELDS])
 *
 * A JSON array has one encoding per list of values. Times are epoch milliseconds, bytes base64url, absent values null. Fields that a
 * later release added follow as one more element, [[name, value], …], where one of them has another value than the rows of before.
 */
export const ROW_FIELDS = {
  api_key: ['name', 'owner', 'role', 'services', 'secret_sha256', 'created_at'],
  /** Replaces the key's MAC, so that a key without its `revoked_at` fails, unless the attacker kept the MAC of before. */
  api_key_revocation: ['name', 'owner', 'role', 'services', 'secret_sha256', 'created_at', 'revoked_at'],
  session: ['owner', 'role', 'key_id', 'created_at', 'expires_at'],
  login_link: ['owner', 'role', 'expires_at'],
  /** `previous_mac` chains the versions of a project. */
  policy: ['digest', 'created_by', 'created_at', 'reason', 'loosenings', 'previous_mac'],
  decision: ['request_id', 'type', 'actor', 'channel', 'payload_digest', 'patched_digest', 'sealed', 'created_at'],
  decision_sent_back: ['request_id', 'sent_back_at'],
  screening: ['request_id', 'screening', 'screened_at'],
  /** By the request's id: that this product removed the payload. `front`: what remains of the seal. */
  payload_removal: ['front', 'payload_removed_at'],
  cancellation: ['cause', 'requested_by', 'created_at'],
  /** By the request's id. Not a row: the answer of `settle`, which reaches the api through Temporal, whose attacker has no project key. */
  settled: ['status', 'cause', 'payload_digest', 'decision_id', 'actor', 'verified', 'resolved_at'],
  /** By the request's id. Replaced when the claim ends, and when a person closes it. */
  claim: [
    ...[
      'attempt',
      'payload_digest',
      'claimed_by',
      'key_id',
      'token_sha256',
      'retryable',
      'claimed_at',
      'unknown_after',
    ],
    ...['ended', 'ended_at', 'closed_as', 'closed_by', 'closed_at'],
  ],
  /** By the request's id: an execution that was recorded before there were claims. */
  execution: ['payload_digest', 'reported_by', 'executed_at'],
  /** By the request's id. `total`: how many requests the interrupt has, so that a removed sibling is noticed. */
  thread_interrupt: ['thread_id', 'interrupt_id', 'position', 'total', 'graph'],
  /** By the pause's key. */
  thread_pause: ['thread_id', 'request_id', 'held'],
  /** By the hash of the key. `reference` is the id of the row that the first attempt made. */
  idempotency_key: ['key_id', 'route', 'body_hash', 'reference'],
  /** By the number of the act. `details` is the text of its JSON; `previous_mac` chains the acts of a project. */
  admin_act: ['epoch', 'kind', 'subject', 'actor', 'details', 'created_at', 'previous_mac'],
} as const;
export type RowKind = keyof typeof ROW_FIELDS;

/** What limits a key, with the value that the keys of before have. A limit that is removed, or a trust that is added, changes the MAC. */
const KEY_LIMITS = { context_trust: 'tighten_only', expires_at: null, made_by: null, permissions: null } as const;

/** Fields that were added later, with the value that the rows of before have: their MACs stay valid. */
export const LATER_FIELDS = {
  api_key: KEY_LIMITS,
  api_key_revocation: KEY_LIMITS,
  /** Who made the key of the person who decided, where another person did; and when the sealed part was removed. */
  decision: { key_made_by: null, payload_removed_at: null },
} as const satisfies Partial<Record<RowKind, Readonly<Record<string, string | null>>>>;

type LaterFields<Kind extends RowKind> = Kind extends keyof typeof LATER_FIELDS
  ? { [Name in keyof (typeof LATER_FIELDS)[Kind]]: unknown }
  : unknown;
export type RowFields<Kind extends RowKind> = Record<(typeof ROW_FIELDS)[Kind][number], unknown> & LaterFields<Kind>;

const VERSION = 1;
const BYTES = 16;

/** A request's terms are authenticated by its seal, a ledger row by its receipt, and a thread by its pseudonym. */
export type ForgedKind = RowKind | 'request' | 'ledger' | 'thread';

/** Kinds whose id is that of a request. */
const BY_REQUEST: ReadonlySet<ForgedKind> = new Set([
  'request',
  'ledger',
  'payload_removal',
  'cancellation',
  'settled',
  'claim',
  'execution',
  'thread_interrupt',
]);

/** The row's MAC is absent or wrong: this product did not write it. An absent one is a wrong one, or a forger would leave it out. */
export class RowForged extends Error implements ForgedRow {
  override readonly name = 'RowForged';
  readonly kind: ForgedKind;
  readonly id: string;
  /** The request that the row says it belongs to; null where there is none. */
  readonly request_id: string | null;
  constructor(kind: ForgedKind, id: string, request_id: string | null = BY_REQUEST.has(kind) ? id : null) {
    super(`${kind} ${id} fails its authenticity check`);
    this.kind = kind;
    this.id = id;
    this.request_id = request_id;
  }
  get incident(): ForgedRow['incident'] {
    return this.kind === 'ledger' ? 'forged_receipt' : 'forged_row';
  }
}

/** A row that this process has seen is gone, or an older one is in its place: somebody brought an older state of the database back. */
export class RolledBack extends RowForged {
  constructor(kind: ForgedKind, id: string, request_id?: string | null) {
    super(kind, id, request_id);
    this.message = `${kind} ${id} is older than what this process has seen`;
  }
  override get incident() {
    return 'rolled_back' as const;
  }
}

export interface RowMacs {
  /** The MAC to store with a row. `id` identifies the row in its project. */
  macOf<Kind extends RowKind>(kind: Kind, id: string, row: RowFields<Kind>): Buffer;
  isAuthentic<Kind extends RowKind>(
    kind: Kind,
    id: string,
    row: RowFields<Kind>,
    mac: Uint8Array | null | undefined,
  ): boolean;
  /** @throws RowForged */
  authenticate<Kind extends RowKind>(
    kind: Kind,
    id: string,
    row: RowFields<Kind>,
    mac: Uint8Array | null | undefined,
  ): void;
}

const encoded = (value: unknown): unknown =>
  value instanceof Date
    ? value.getTime()
    : value instanceof Uint8Array
      ? Buffer.from(value).toString('base64url')
      : (value ?? null);

function laterValues(kind: RowKind, fields: Record<string, unknown>): [string, unknown][][] {
  const later: Readonly<Record<string, string | null>> =
    kind in LATER_FIELDS ? LATER_FIELDS[kind as keyof typeof LATER_FIELDS] : {};
  const others = Object.entries(later).flatMap(([name, before]): [string, unknown][] => {
    const value = encoded(fields[name] ?? before);
    return value === before ? [] : [[name, value]];
  });
  return others.length > 0 ? [others] : [];
}

export function rowMacs(project_id: string, projectKey: Uint8Array): RowMacs {
  const key = Buffer.from(hkdfSync('sha256', projectKey, new Uint8Array(0), 'letsping/v1 rows', 32));
  const macOf = <Kind extends RowKind>(kind: Kind, id: string, row: RowFields<Kind>): Buffer => {
    const fields = row as Record<string, unknown>;
    const values = ROW_FIELDS[kind].map((name) => encoded(fields[name]));
    const text = JSON.stringify([kind, project_id, id, ...values, ...laterValues(kind, fields)]);
    return Buffer.concat([Uint8Array.of(VERSION), createHmac('sha256', key).update(text).digest().subarray(0, BYTES)]);
  };
  const isAuthentic: RowMacs['isAuthentic'] = (kind, id, row, mac) =>
    mac?.length === 1 + BYTES && timingSafeEqual(macOf(kind, id, row), mac);
  return {
    macOf,
    isAuthentic,
    authenticate(kind, id, row, mac) {
      if (isAuthentic(kind, id, row, mac)) return;
      const { request_id } = row as { request_id?: string };
      throw new RowForged(kind, id, request_id);
    },
  };
}
