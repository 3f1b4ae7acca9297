/**
 * Every refusal that a caller can act on, and its HTTP status: the one table for server and client. A code without a
 * status does not compile. Free of zod, so that the client stays small.
 */
export const ERROR_STATUS = {
  malformed_request: 400,
  malformed_body: 400,
  invalid_request: 400,
  payload_digest_required: 400,
  unauthenticated: 401,
  forbidden: 403,
  own_request: 403,
  own_patch: 403,
  not_found: 404,
  request_timeout: 408,
  not_pending: 409,
  patch_in_progress: 409,
  expired: 409,
  executed_already: 409,
  not_approved: 409,
  permit_claimed: 409,
  permit_unknown: 409,
  permit_expired: 409,
  permit_refused: 409,
  permit_not_unknown: 409,
  claim_lost: 409,
  claim_ended: 409,
  digest_mismatch: 409,
  idempotency_key_in_use: 409,
  payload_removed: 410,
  payload_changed: 412,
  body_too_large: 413,
  unsupported_media_type: 415,
  invalid_value: 422,
  patch_refused: 422,
  payload_sealed: 422,
  idempotency_key_reused: 422,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  not_authentic: 500,
  overloaded: 503,
  temporal_unavailable: 503,
  database_unavailable: 503,
  policy_changing: 503,
  key_unavailable: 503,
} as const satisfies Record<string, number>;
export type ErrorCode = keyof typeof ERROR_STATUS;

/** The statuses that have a name of their own in the published clients. 402 is not answered by this server. */
const NAMED = {
  401: 'LETSPING_401_AUTH',
  402: 'LETSPING_402_QUOTA',
  403: 'LETSPING_403_FORBIDDEN',
  404: 'LETSPING_404_NOT_FOUND',
  408: 'LETSPING_TIMEOUT',
  429: 'LETSPING_429_RATE_LIMIT',
} as const;
const SERVER_FAILED = 'LETSPING_NETWORK';

/** A status without a name of its own is `LETSPING_<status>`. */
export type PublishedCode = (typeof NAMED)[keyof typeof NAMED] | typeof SERVER_FAILED | `LETSPING_${number}`;

/** The code of the published clients for an HTTP status. They branch on it. */
export const publishedCode = (status: number): PublishedCode =>
  (NAMED as Partial<Record<number, PublishedCode>>)[status] ?? (status >= 500 ? SERVER_FAILED : `LETSPING_${status}`);

/** Every published code with a meaning here: the named ones, and those of the statuses that this server answers. */
export const PUBLISHED_CODES: readonly PublishedCode[] = [
  ...new Set<PublishedCode>([
    ...Object.values(NAMED),
    SERVER_FAILED,
    ...Object.values(ERROR_STATUS).map(publishedCode),
  ]),
];

/** Whether a word that came from elsewhere is a published code. */
export const isPublishedCode = (word: string): word is PublishedCode =>
  PUBLISHED_CODES.includes(word as PublishedCode) || /^LETSPING_[1-9]\d\d$/.test(word);
