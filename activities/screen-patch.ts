import type { WorkerActivities } from '../contracts/activities.ts';
import type { PatchScreening } from '../contracts/verdict.ts';
import type { ScreenAnswer } from '../contracts/workflow.ts';
import type { ScreenStore } from '../domain/approval/ports.ts';
import { DomainError } from '../domain/errors.ts';
import { newFindings } from '../domain/firewall/new-findings.ts';
import { heldUnjudged, type Screener, screenHere } from '../domain/firewall/screener.ts';

const ANSWER: Record<PatchScreening, ScreenAnswer> = {
  accepted: 'hold', // for the person who has just approved it
  refused: 'block',
  second_approver: 'second_approver',
};

/**
 * A patched payload that is blocked does not count. A patch with a finding that the original lacked widens the held action: it
 * does not count either, or the policy lets it wait for a second approver. A patch is screened once, so that an attacker who
 * can run this activity cannot have it screened again by a later policy. One whose screening is ended is refused. If this throws,
 * the workflow refuses the patch.
 */
export const createScreenPatch =
  (store: ScreenStore, screen: Screener = screenHere()): WorkerActivities['screenPatch'] =>
  async (ref, decision_id) => {
    const request = await store.request(ref);
    if (!request) throw new DomainError('not_found', `no approval request ${ref.request_id}`);
    const decision = await store.decision(ref, decision_id);
    if (!decision?.patched_payload) return 'block';
    if (decision.screening !== null) return ANSWER[decision.screening];
    const { policy } = await store.policy(ref.project_id);
    const { service, action, context, context_trust } = request;
    const call = { service, action, payload: decision.patched_payload };
    // A patch is not another call: the guardrails that count have counted this one when it opened.
    const stats = { now_ms: request.created_at.getTime(), agent: request.requested_by, past: [] };
    const screened = await screen(decision.actor, call, context, policy, {
      stats,
      ...(context_trust && { context_trust }),
    });
    const patched = screened ?? heldUnjudged(policy, call);
    const worse = newFindings(request.findings, patched.findings);
    const screening =
      patched.verdict === 'block' || !screened
        ? 'refused'
        : worse.length === 0
          ? 'accepted'
          : policy.widening_patches === 'second_approver'
            ? 'second_approver'
            : 'refused';
    return ANSWER[
      await store.recordScreening(ref, decision_id, screening, worse.length > 0 ? worse : patched.findings)
    ];
  };
