import type { Policy } from '../../contracts/policy.ts';
import type { Finding } from '../../contracts/verdict.ts';
import { withPayload } from '../../domain/approval/kept-payload.ts';
import { DomainError } from '../../domain/errors.ts';
import { isHolding } from '../../domain/firewall/finding.ts';
import { newFindings } from '../../domain/firewall/new-findings.ts';
import { heldUnjudged, type Screener } from '../../domain/firewall/screener.ts';
import type { ApprovedView } from './permit-refusals.ts';

/**
 * Screens what may run again, by the version in force. Refused: what it blocks, and what it holds for a reason that the person who
 * approved it was not shown. `patchFindings`: those of the patch that was approved.
 */
export async function recheckRefusal(
  { request: stored, resolution }: ApprovedView,
  patchFindings: readonly Finding[],
  policy: Policy,
  version: number,
  screen: Screener,
): Promise<DomainError | undefined> {
  const request = withPayload(stored);
  const { service, action, context, context_trust, key_id } = request;
  const call = { service, action, payload: resolution.patched_payload ?? request.payload };
  // The guardrails that count have counted this call when it opened.
  const stats = { now_ms: request.created_at.getTime(), agent: request.requested_by, past: [] };
  const { verdict, findings } =
    (await screen(key_id, call, context, policy, { stats, ...(context_trust && { context_trust }) })) ??
    heldUnjudged(policy, { service, action });
  if (verdict === 'allow') return undefined;
  const isByPerson = resolution.outcome.cause === 'person';
  const fresh = isByPerson
    ? newFindings([...request.findings, ...patchFindings], findings).filter(isHolding)
    : findings;
  if (verdict === 'hold' && isByPerson && fresh.length === 0) return undefined;
  return new DomainError(
    'permit_refused',
    `Version ${version} of the policy ${verdict === 'block' ? 'blocks' : 'holds'} this action. The approval stands, and nothing may run; request the action again.`,
    { findings: [...fresh] },
  );
}
