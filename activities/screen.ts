import { ApplicationFailure } from '@temporalio/common';
import type { Verdict } from '../contracts/verdict.ts';
import type { RequestRef } from '../contracts/workflow.ts';
import type { ScreenHost } from '../domain/firewall/host.ts';
import { newFindings } from '../domain/firewall/new-findings.ts';
import { screenAction } from '../domain/firewall/screen.ts';
import type { ScreenStore } from './ports.ts';

/**
 * The verdict of a request as it was judged when it opened; or, given a decision, of its patch: `block` when the patched payload
 * is blocked or has a finding that the original had not, so that it does not count. Whatever fails here throws, and the
 * workflow takes the safe side: a request is held, a patch refused.
 */
export const createScreen =
  (store: ScreenStore, host: ScreenHost = {}) =>
  async (ref: RequestRef, decision_id?: string): Promise<Verdict> => {
    const request = await store.request(ref);
    if (!request) throw ApplicationFailure.nonRetryable(`no approval request ${ref.request_id}`, 'not_found');
    if (decision_id === undefined) return request.verdict;

    const decision = await store.decision(ref, decision_id);
    if (!decision?.patched_payload) return 'block';
    const { policy } = await store.policy(ref.project_id);
    const { service, action, context } = request;
    const patched = screenAction(
      { service, action, payload: decision.patched_payload },
      context,
      policy,
      undefined,
      // A patch is no further call: the guardrails that count have counted this one when it opened.
      { ...host, stats: { now_ms: request.created_at.getTime(), agent: request.requested_by, past: [] } },
    );
    const worse = newFindings(request.findings, patched.findings);
    await store.recordScreening(ref, decision_id, worse.length > 0 ? worse : patched.findings);
    if (patched.verdict === 'block' || worse.length > 0) return 'block';
    return patched.verdict;
  };
