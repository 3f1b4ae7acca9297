/** A consumer of the contracts: reads what crosses a boundary, with the schemas and with the types. */
import {
  APPROVAL_WORKFLOW,
  approvalWorkflowId,
  type BotDecision,
  DECIDE_SIGNAL,
  Decision,
  ERROR_STATUS,
  type ErrorCode,
  IngestBody,
  Policy,
  type RequestRef,
  Verdict,
} from 'letsping-temporal/contracts';

export const policy: Policy = Policy.parse({ default_routing: 'review_flagged' });
export const verdicts: readonly Verdict[] = Verdict.options;

export function readBody(body: unknown): IngestBody | string {
  const read = IngestBody.safeParse(body);
  return read.success
    ? read.data
    : read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
}

export const patched = (body: unknown): string => {
  const decision = Decision.parse(body);
  return decision.type === 'patch' ? JSON.stringify(decision.patched_payload) : decision.payload_digest;
};

export const signal = ({ request_id }: RequestRef, decision: BotDecision) =>
  [APPROVAL_WORKFLOW, approvalWorkflowId(request_id), DECIDE_SIGNAL, decision] as const;

export const isCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_STATUS, code);
