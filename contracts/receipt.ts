import { z } from 'zod/v4';
import { Cause, OutcomeStatus } from './decision.ts';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'urn:letsping-temporal:approval-decision:v1';
/** `typ` of the JWS header. */
export const RECEIPT_TYPE = 'approval-receipt+jws';

/**
 * The signed content of a receipt: who allowed exactly what. An in-toto Statement v1, serialised by RFC 8785; absent members
 * are omitted. Times are UTC with milliseconds. Digests are salted, so that no payload can be guessed from them.
 */
export const Statement = z
  .object({
    _type: z.literal(STATEMENT_TYPE),
    subject: z.tuple([z.object({ name: z.string(), digest: z.object({ sha256: z.string() }) })]),
    predicateType: z.literal(PREDICATE_TYPE),
    predicate: z.object({
      project: z.string(),
      agent: z.string(),
      service: z.string(),
      action: z.string(),
      outcome: OutcomeStatus,
      cause: Cause,
      requested: z.object({ payload_digest: z.string(), at: z.string() }),
      executed: z.object({ payload_digest: z.string(), patch: z.string().optional() }).optional(),
      decided: z.object({
        at: z.string(),
        by: z.array(z.string()).optional().meta({
          description: 'The approver; two if a patch needed a second approver, with its author first',
        }),
        keys_made_by: z.record(z.string(), z.string()).optional().meta({
          description: 'Of the approvers who used a key that another person made for them: who made it',
        }),
        channel: z.string().optional(),
        decision_id: z.string().optional(),
        verified: z.literal(false).optional(),
      }),
      policy: z.object({ digest: z.string(), version: z.int(), verdict: z.string(), findings: z.array(z.string()) }),
      expires: z.string(),
    }),
  })
  .meta({ id: 'Statement', title: 'Statement' });
export type Statement = z.infer<typeof Statement>;
