import type { ProposedPatch, ResolutionView } from '../../contracts/approval-request.ts';
import type { DecisionRef, Resolution } from '../../contracts/workflow.ts';
import type { Refusal } from '../../domain/approval/approval.ts';
import type { ApprovalWorkflows } from '../../domain/approval/approval-workflows.ts';
import type { DecisionStore } from '../../domain/approval/decision-ports.ts';
import type { RequestReader } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import {
  type Attempt,
  answerWith,
  answerWithOwn,
  type Decided,
  patchRefOf,
  refOfResolution,
} from './decision-attempt.ts';
import { REFUSED } from './decision-refusals.ts';

export interface SubmitDeps {
  requests: RequestReader;
  decisions: Pick<DecisionStore, 'acknowledge' | 'proposalOf' | 'screeningOf' | 'sendBack' | 'settledAt'>;
  workflows: Pick<ApprovalWorkflows, 'decide' | 'record' | 'redeliver'>;
}

const LEDGER_STEP_MS = 100;
const LEDGER_WAIT_MS = 2_000;

const unavailable = (sentence: string) => new DomainError('temporal_unavailable', sentence, { retry_after: 2 });

export const awaitingSecondApprover = ({
  decision_id,
  findings,
  payload_digest,
}: Pick<ProposedPatch, 'decision_id' | 'findings' | 'payload_digest'>): Decided => ({
  status: 202,
  body: { decision_id, status: 'awaiting_second_approver', findings, payload_digest },
});

/**
 * Sends a decision whose row is written to its workflow, and turns the workflow's answer into the caller's. Two repairs are
 * tried on the way, once each: starting a workflow that was never started, resending a proposal that it does not have.
 */
export function createSubmit({ requests, decisions, workflows }: SubmitDeps) {
  return { submit, redeliverOwn, resendPatch };

  async function submit(attempt: Attempt, ref: DecisionRef): Promise<Decided> {
    const { request, decision_id } = attempt;
    for (let [startFirst, isResent] = [false, false]; ; ) {
      const decided = await workflows.decide(request, ref, { startFirst });
      // An Update that is broken off at the end of its wait goes on as a Signal.
      const answer = decided.state === 'no_worker' ? { state: await workflows.record(request.id, ref) } : decided;
      switch (answer.state) {
        case 'recorded':
          await decisions.acknowledge(request.project_id, request.id, decision_id);
          return { status: 202, body: { decision_id, status: 'recorded' } };
        case 'proposed':
          return awaitingSecondApprover({
            decision_id,
            findings: await findingsOf(attempt),
            payload_digest: ref.patched_digest ?? '',
          });
        case 'refused':
          if (answer.code !== 'payload_changed' || isResent) return refuse(attempt, answer.code);
          isResent = await resendProposal(attempt, ref);
          if (!isResent) return refuse(attempt, answer.code);
          break;
        case 'unavailable': {
          const resolution = await resolutionOf(attempt);
          if (!resolution)
            throw unavailable('Temporal does not answer; nothing is decided so far. Send the same decision again.');
          redeliverOwn(attempt, resolution);
          return answerWith(attempt, resolution, 201);
        }
        case 'settled':
        case 'not_found': {
          const own = answer.state === 'settled' && (await answerOf(attempt, answer.answer));
          if (own) return own;
          const resolution = await resolutionOf(attempt);
          if (resolution) return answerWith(attempt, resolution, 201);
          if (startFirst) throw unavailable('The approval has not started yet. Nothing was decided; try again.');
          startFirst = true; // acknowledged while Temporal was unavailable
          break;
        }
        default:
          return answer satisfies never;
      }
    }
  }

  async function refuse(attempt: Attempt, code: Refusal): Promise<Decided> {
    if (code === 'patch_refused')
      throw new DomainError('patch_refused', REFUSED.patch_refused().message, { findings: await findingsOf(attempt) });
    const resolution = code === 'not_pending' || code === 'expired' ? await resolutionSoon(attempt) : undefined;
    if (resolution) return answerWith(attempt, resolution, 200);
    // Before the answer: a decision whose author was told that it does not count never counts.
    await decisions.sendBack(attempt.request.project_id, attempt.request.id, attempt.decision_id);
    throw REFUSED[code]();
  }

  /** Undefined where the ledger must be asked: another decision was settled, or the answer is not of our worker. */
  async function answerOf(attempt: Attempt, answer: Resolution): Promise<Decided | undefined> {
    if (answer?.decision_id !== attempt.decision_id) return undefined;
    const { project_id, id } = attempt.request;
    const settled_at = await decisions.settledAt(project_id, id, answer);
    return settled_at && answerWithOwn(attempt, answer, settled_at);
  }

  async function resolutionOf({ request }: Attempt): Promise<ResolutionView | undefined> {
    return (await requests.view(request.project_id, request.id))?.resolution;
  }

  /** The workflow refuses rivals before the ledger has the outcome: wait for it, so that the answer can name it. */
  async function resolutionSoon(attempt: Attempt): Promise<ResolutionView | undefined> {
    for (let waited = 0; ; waited += LEDGER_STEP_MS) {
      const resolution = await resolutionOf(attempt);
      if (resolution || waited >= LEDGER_WAIT_MS) return resolution;
      await new Promise((resolve) => setTimeout(resolve, LEDGER_STEP_MS));
    }
  }

  async function findingsOf({ request, decision_id }: Attempt) {
    return (await decisions.screeningOf(request.project_id, request.id, decision_id)) ?? [];
  }

  /**
   * The same call is repeated because its answer was lost, or Temporal became unavailable during it. Temporal may have crashed
   * between ledger and history, and then has no decision: a workflow that is still open receives it again.
   */
  function redeliverOwn(attempt: Attempt, resolution: ResolutionView): void {
    if (resolution.decision_id === attempt.decision_id)
      workflows.redeliver(attempt.request.id, refOfResolution(attempt, resolution));
  }

  /** The workflow does not have the patch that the decision is about, and the database does. False: neither has it. */
  async function resendProposal(attempt: Attempt, ref: DecisionRef): Promise<boolean> {
    const proposal = await decisions.proposalOf(attempt.request.project_id, attempt.request.id);
    if (proposal?.payload_digest !== ref.payload_digest) return false;
    await resendPatch(attempt, proposal);
    return true;
  }

  /** A workflow that was started again, or whose screening timed out after it was written, has no proposal. */
  async function resendPatch({ request }: Attempt, proposal: ProposedPatch): Promise<void> {
    await workflows.record(request.id, patchRefOf(request, proposal)); // unavailable: the answer that follows says so
  }
}
