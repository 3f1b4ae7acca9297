import { ERROR_STATUS, type ErrorCode } from '../contracts/error-codes.ts';
import type { Route } from './route.ts';

/** `forbidden`: a key can be made without any of the permissions of its role. `not_found`: without a key, under a Host that is not ours. */
const ACCESS: ErrorCode[] = [
  'unauthenticated',
  'forbidden',
  'not_found',
  'not_authentic',
  'rate_limited',
  'database_unavailable',
  'key_unavailable',
];
const BODY: ErrorCode[] = ['malformed_body', 'body_too_large', 'unsupported_media_type', 'overloaded'];
const IDEMPOTENT: ErrorCode[] = ['idempotency_key_in_use', 'idempotency_key_reused', 'invalid_request'];

/** Every refusal of a route: what its declaration implies, and what it names. HTTP status → codes, both in order. */
export function refusalsOf(route: Route): [status: number, codes: ErrorCode[]][] {
  const codes = new Set<ErrorCode>([
    ...(route.access === 'public' ? [] : ACCESS),
    ...(route.query || route.body?.schema || (route.access !== 'public' && !route.publishedCodes)
      ? (['invalid_request'] as const)
      : []),
    ...(route.body ? BODY : []),
    ...(route.idempotent ? IDEMPOTENT : []),
    ...(route.refusals ?? []),
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...codes].sort())
    byStatus.set(ERROR_STATUS[code], [...(byStatus.get(ERROR_STATUS[code]) ?? []), code]);
  return [...byStatus].sort(([a], [b]) => a - b);
}
