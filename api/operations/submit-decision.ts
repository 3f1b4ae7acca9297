import type { ProposedPatch, ResolutionView } from '../../contracts/approval-request.ts';
import type { DecisionRef } from '../../contracts/workflow.ts';
import type { Refusal } from '../../domain/approval/approval.ts';
import type { DecisionStore, RequestReader } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { RedeliveryQueue } from '../live/redelivery-queue.ts';
import type { Client, Remind, WorkflowStarter } from '../ports.ts';
import { type Attempt, type Decided, refOfResolution, told } from './decision-attempt.ts';
import { REFUSED } from './decision-refusals.ts';
import { sendDecision } from './send-decision.ts';

export interface SubmitDeps {
  requests: RequestReader;
  decisions: DecisionStore;
  client: Client;
  starter: Pick<WorkflowStarter, 'startApproval'>;
  remind: Remind;
  reminders: Pick<RedeliveryQueue, 'begin'>;
}

const LEDGER_STEP_MS = 100;
const LEDGER_WAIT_MS = 2_000;

const later = (sentence: string) => new DomainError('temporal_unavailable', sentence, { retry_after: 2 });

export const awaiting = ({
  decision_id,
  findings,
  payload_digest,
}: Pick<ProposedPatch, 'decision_id' | 'findings' | 'payload_digest'>): Decided => ({
  status: 202,
  body: { decision_id, status: 'awaiting_second_approver', findings, payload_digest },
});

/** Takes a decision whose row is written to its workflow, and from there to its answer. */
export function createSubmit({ requests, decisions, client, starter, remind, reminders }: SubmitDeps) {
  return { submit, remindOfOwn, remindOfPatch };

  /** Once more at most for each thing that can be mended on the way: a workflow never started, a proposal it does not know of. */
  async function submit(attempt: Attempt, ref: DecisionRef): Promise<Decided> {
    const { request, decision_id } = attempt;
    for (let [isRestarted, isReminded] = [false, false]; ; ) {
      const sent = await sendDecision(client, request.id, ref);
      switch (sent.state) {
        case 'recorded':
          return { status: 202, body: { decision_id, status: 'recorded' } };
        case 'proposed':
          return awaiting({
            decision_id,
            findings: await findingsOf(attempt),
            payload_digest: ref.patched_digest ?? '',
          });
        case 'refused':
          if (sent.code === 'payload_changed' && !isReminded) {
            const proposal = await decisions.proposalOf(request.project_id, request.id);
            if (proposal?.payload_digest === ref.payload_digest) {
              await remindOfPatch(attempt, proposal);
              isReminded = true;
              break;
            }
          }
          return refused(attempt, sent.code);
        case 'temporal_away': {
          const found = await resolution(attempt);
          if (found) remindOfOwn(attempt, found);
          if (found) return told(attempt, found, 201);
          throw later('Temporal does not answer; nothing is decided so far. Send the same decision again.');
        }
        case 'settled':
        case 'closed': {
          const found = await resolution(attempt);
          if (found) return told(attempt, found, 201);
          if (isRestarted) throw later('The approval has not started yet. Nothing was decided; try again.');
          await starter.startApproval(request).catch(() => {}); // acknowledged while Temporal was away
          isRestarted = true;
          break;
        }
        default:
          return sent satisfies never;
      }
    }
  }

  async function refused(attempt: Attempt, code: Refusal): Promise<Decided> {
    if (code === 'patch_refused')
      throw new DomainError('patch_refused', REFUSED.patch_refused().message, { findings: await findingsOf(attempt) });
    const found = code === 'not_pending' || code === 'expired' ? await resolutionSoon(attempt) : undefined;
    if (found) return told(attempt, found, 200);
    throw REFUSED[code]();
  }

  async function resolution({ request }: Attempt): Promise<ResolutionView | undefined> {
    return (await requests.view(request.project_id, request.id))?.resolution;
  }

  /** The workflow is closed before the ledger is written: whoever is refused in between is told the outcome, if it comes soon. */
  async function resolutionSoon(attempt: Attempt): Promise<ResolutionView | undefined> {
    for (let waited = 0; ; waited += LEDGER_STEP_MS) {
      const found = await resolution(attempt);
      if (found || waited >= LEDGER_WAIT_MS) return found;
      await new Promise((resolve) => setTimeout(resolve, LEDGER_STEP_MS));
    }
  }

  async function findingsOf({ request, decision_id }: Attempt) {
    return (await decisions.screeningOf(request.project_id, request.id, decision_id)) ?? [];
  }

  /**
   * The very call is repeated because its answer was lost, or Temporal went away under it. It may have died between ledger and
   * history, and would then know of no decision: a workflow that is still open hears it again, and finds what stands.
   */
  function remindOfOwn(attempt: Attempt, found: ResolutionView): void {
    if (found.decision_id === attempt.decision_id) reminders.begin(attempt.request.id, refOfResolution(attempt, found));
  }

  /** A workflow that was started anew, or whose screening timed out after it was written, knows of no proposal. */
  async function remindOfPatch({ request }: Attempt, proposal: ProposedPatch): Promise<void> {
    await remind(request.id, {
      decision_id: proposal.decision_id,
      type: 'patch',
      actor: proposal.by,
      payload_digest: request.payload_digest,
      patched_digest: proposal.payload_digest,
    }).catch(() => {}); // Temporal is away: the answer that follows says so
  }
}
