import { z } from 'zod/v4';
import { JsonObject, PayloadDigest } from './json.ts';
import { Text } from './text.ts';
import { Finding } from './verdict.ts';

/**
 * The digest of the payload that was shown to the approver: the requested one, or the patched one to approve or reject a patch
 * that waits for a second approver.
 */
const shown = { payload_digest: PayloadDigest };

/** Body of `POST /api/approval-requests/{id}/decisions`. `patch` carries the payload that runs instead. */
export const Decision = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('approve'), ...shown }),
    z.strictObject({ type: z.literal('patch'), patched_payload: JsonObject, ...shown }),
    z.strictObject({ type: z.literal('reject'), reason: Text.trim().min(1).max(4_096), ...shown }),
  ])
  .meta({ id: 'Decision', title: 'Decision' });
export type Decision = z.infer<typeof Decision>;

export const OUTCOME_STATUSES = ['approved', 'rejected', 'expired', 'cancelled'] as const;
export const OutcomeStatus = z.enum(OUTCOME_STATUSES);
export type OutcomeStatus = z.infer<typeof OutcomeStatus>;

export const CAUSES = ['person', 'firewall', 'deadline', 'caller', 'superseded', 'agent_gone', 'forged'] as const;
export const Cause = z.enum(CAUSES);
export type Cause = z.infer<typeof Cause>;

/** How a request ended. `modified`: the patched payload runs. */
export const Outcome = z
  .object({
    status: OutcomeStatus,
    cause: Cause,
    modified: z.literal(true).optional(),
    verified: z.literal(false).optional().meta({ description: 'false: decided by a plain Signal, without a key' }),
  })
  .meta({ id: 'Outcome', title: 'Outcome' });
export type Outcome = z.infer<typeof Outcome>;

/** 201 (200 when repeated) of a decision: the outcome, who decided, and the digest of the payload that may run. */
export const DecisionAnswer = z
  .object({
    decision_id: z.string(),
    outcome: Outcome,
    decided_by: z.string(),
    decided_at: z.string(),
    payload_digest: PayloadDigest,
  })
  .meta({ id: 'DecisionAnswer', title: 'DecisionAnswer' });
export type DecisionAnswer = z.infer<typeof DecisionAnswer>;

/**
 * 202: nothing is decided yet. `recorded`: Temporal has the decision and no worker has answered; it takes effect when one does,
 * unless another decision came first. `awaiting_second_approver`: the patch has the findings listed; it runs when another person
 * approves `payload_digest`.
 */
export const DecisionRecorded = z
  .discriminatedUnion('status', [
    z.object({ decision_id: z.string(), status: z.literal('recorded') }),
    z.object({
      decision_id: z.string(),
      status: z.literal('awaiting_second_approver'),
      findings: z.array(Finding),
      payload_digest: PayloadDigest.meta({
        description: 'Of the patched payload: the second approver approves this digest',
      }),
    }),
  ])
  .meta({ id: 'DecisionRecorded', title: 'DecisionRecorded' });
export type DecisionRecorded = z.infer<typeof DecisionRecorded>;
