import { z } from 'zod/v4';
import { DecisionAnswer } from './decision.ts';
import { Permit } from './permit.ts';
import { Finding } from './verdict.ts';

/** `application/problem+json` (RFC 9457). `error` and `message` are for the published clients, equal to `detail`. */
export const Problem = z
  .object({
    type: z.url().meta({
      description: "The section of `/docs/errors` about this refusal. Its fragment is this server's own code",
    }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: "The request's id, as in the `X-Request-Id` header" }),
    code: z
      .string()
      .meta({ description: "This server's own code; on the published routes the code of the published clients" }),
    error: z.string(),
    message: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    findings: z.array(Finding).optional(),
    standing: DecisionAnswer.partial({ decision_id: true, decided_by: true }).optional(),
    permit: Permit.optional(),
    retry_after: z.int().optional().meta({ description: 'Seconds' }),
  })
  .meta({ id: 'Problem', title: 'Problem' });
export type Problem = z.infer<typeof Problem>;
