import { z } from 'zod';
import { DecisionAnswer } from './decision.ts';
import { Finding } from './verdict.ts';

/** Every refusal that a caller can act on. `api/problem-status.ts` has the HTTP status of each. */
export const ERROR_CODES = [
  'malformed_body',
  'body_too_large',
  'unsupported_media_type',
  'invalid_request',
  'invalid_value',
  'unauthenticated',
  'forbidden',
  'own_request',
  'own_patch',
  'not_found',
  'not_pending',
  'patch_in_progress',
  'patch_refused',
  'payload_digest_required',
  'payload_changed',
  'expired',
  'executed_already',
  'not_approved',
  'digest_mismatch',
  'idempotency_key_reused',
  'idempotency_key_in_use',
  'rate_limited',
  'overloaded',
  'temporal_unavailable',
  'database_unavailable',
  'policy_changing',
  'key_unavailable',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** `application/problem+json` (RFC 9457). `error` and `message` are for the published clients, equal to `detail`. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: "The request's id, as in the `X-Request-Id` header" }),
    code: z.string(),
    error: z.string(),
    message: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    findings: z.array(Finding).optional(),
    standing: DecisionAnswer.partial({ decision_id: true, decided_by: true }).optional(),
    retry_after: z.int().optional().meta({ description: 'Seconds' }),
  })
  .meta({ id: 'Problem', title: 'Problem' });
export type Problem = z.infer<typeof Problem>;
