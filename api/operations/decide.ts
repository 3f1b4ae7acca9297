import { randomBytes } from 'node:crypto';
import type { ProposedPatch } from '../../contracts/approval-request.ts';
import type { Decision, DecisionAnswer, DecisionRecorded } from '../../contracts/decision.ts';
import type { DecisionRef } from '../../contracts/workflow.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { Refusal } from '../../domain/approval/approval.ts';
import type { Channel } from '../../domain/approval/record.ts';
import type { Standing } from '../../domain/approval/status-answer.ts';
import { canonicalBytes } from '../../domain/canonical-json.ts';
import { payloadDigest, SALT_BYTES, saltText } from '../../domain/digest.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Reminders } from '../live/reminders.ts';
import type { ApprovalStore, Client, Remind, RequestView, WorkflowStarter } from '../ports.ts';
import { schemaErrors } from './json-schema.ts';
import { sendDecision } from './send-decision.ts';
import { decisionAnswer, standingSentence } from './views.ts';

export interface DecideDeps {
  store: ApprovalStore;
  client: Client;
  starter: Pick<WorkflowStarter, 'startApproval'>;
  remind: Remind;
  reminders: Pick<Reminders, 'begin'>;
}

export type Decided = { status: 200 | 201; body: DecisionAnswer } | { status: 202; body: DecisionRecorded };

const LEDGER_STEP_MS = 100;
const LEDGER_WAIT_MS = 2_000;

const equal = (a: unknown, b: unknown) => Buffer.compare(canonicalBytes(a), canonicalBytes(b)) === 0;

/** Whether what stands is this very decision of this very person, so that saying it again changes nothing. */
function isSame(standing: Standing, principal: Principal, decision: Decision, asked_digest: string): boolean {
  if (standing.decided_by !== principal.owner || standing.type !== decision.type || standing.outcome.verified === false)
    return false;
  // A rejection is of the request, whichever of its payloads was shown; an approval of what stands, a patch of what was asked for.
  if (decision.type === 'reject') return standing.reason === decision.reason;
  if (decision.type === 'approve') return standing.payload_digest === decision.payload_digest;
  return decision.payload_digest === asked_digest && equal(standing.patched_payload, decision.patched_payload);
}

/** Whether an answer is about the patch that waits for a second approver, in place of what was asked for. */
const isAbout = (proposal: ProposedPatch | undefined, { payload_digest }: Decision): proposal is ProposedPatch =>
  proposal !== undefined && proposal.payload_digest === payload_digest;

const awaiting = ({
  decision_id,
  findings,
  payload_digest,
}: Pick<ProposedPatch, 'decision_id' | 'findings' | 'payload_digest'>): Decided => ({
  status: 202,
  body: { decision_id, status: 'awaiting_second_approver', findings, payload_digest },
});

const closed = (standing: Standing) =>
  new DomainError('not_pending', standingSentence(standing), { standing: decisionAnswer(standing) });

const REFUSED: Record<Refusal, () => DomainError> = {
  malformed: () => new DomainError('invalid_request', 'The workflow could not read the decision.'),
  not_pending: () => new DomainError('not_pending', 'This request is being decided by somebody else right now.'),
  expired: () => new DomainError('expired', 'The deadline has passed: the request expires.'),
  patch_in_progress: () =>
    new DomainError('patch_in_progress', 'A patch by somebody else is being screened. Try again in a moment.', {
      retry_after: 1,
    }),
  patch_refused: () =>
    new DomainError('patch_refused', 'The firewall refuses the patched payload. The request is still open.'),
  own_request: () => new DomainError('own_request', 'You asked for this yourself: somebody else has to decide.'),
  own_patch: () => new DomainError('own_patch', 'You made this patch yourself: somebody else has to approve it.'),
  payload_changed: () =>
    new DomainError(
      'payload_changed',
      'The payload is not the one that was shown. Read the request again and decide on its payload_digest.',
    ),
};

/**
 * One approver's answer. Everything the workflow could refuse is checked here first, for the clearer word; the workflow has
 * the last one. The decision's row is written before the message goes out: only a decision with a row counts.
 * @throws DomainError with the standing decision when there is one.
 */
export const createDecide =
  ({ store, client, starter, remind, reminders }: DecideDeps) =>
  async (
    principal: Principal,
    request_id: string,
    decision: Decision,
    decision_id: string,
    channel: Channel,
  ): Promise<Decided> => {
    const { project_id, owner } = principal;
    const view = await store.view(project_id, request_id);
    if (!view || !maySee(principal, view.request))
      throw new DomainError('not_found', 'There is no such approval request.');
    const { request, standing } = view;
    if (owner === request.requested_by) throw REFUSED.own_request();
    if (request.metadata.role === 'admin' && principal.role !== 'admin')
      throw new DomainError('forbidden', 'The agent asked for an admin to decide this.');
    if (standing) {
      const answer = told(standing, 200);
      if (standing.decision_id === decision_id) remindLater(standing);
      return answer;
    }
    const isAsked = decision.payload_digest === request.payload_digest;
    const proposal = isAsked && decision.type !== 'patch' ? undefined : await store.proposalOf(project_id, request_id);
    if (!isAsked && (decision.type === 'patch' || !isAbout(proposal, decision))) throw REFUSED.payload_changed();
    if (!isAsked && decision.type === 'approve' && owner === proposal?.by) throw REFUSED.own_patch();
    if (decision.type === 'patch' && proposal?.by === owner && equal(proposal.payload, decision.patched_payload)) {
      await remindOfPatch(proposal);
      return awaiting(proposal);
    }

    const patch = decision.type === 'patch' ? patched(view, decision.patched_payload) : undefined;
    const { patched_digest } = await store.recordDecision(project_id, {
      id: decision_id,
      request_id,
      type: decision.type,
      actor: owner,
      channel,
      payload_digest: decision.payload_digest,
      patched_digest: patch?.patched_digest ?? null,
      ...(decision.type === 'reject' && { reason: decision.reason }),
      ...(patch && { patched_payload: patch.patched_payload, salt: patch.salt }),
    });
    let [isRestarted, isReminded] = [false, false];
    return send({
      decision_id,
      type: decision.type,
      actor: owner,
      payload_digest: decision.payload_digest,
      ...(patched_digest !== null && { patched_digest }),
    });

    /** What stands, to whoever asked: the same decision is repeated, another is refused. */
    function told(found: Standing, status: 200 | 201): Decided {
      if (found.decision_id === decision_id || isSame(found, principal, decision, request.payload_digest))
        return { status, body: decisionAnswer(found) };
      throw closed(found);
    }

    /**
     * The very call is repeated because its answer was lost, or Temporal went away under it. It may have died between ledger and
     * history, and would then know of no decision: a workflow that is still open hears it again, and finds what stands.
     */
    function remindLater(found: Standing): void {
      reminders.begin(request_id, {
        decision_id,
        type: decision.type,
        actor: owner,
        payload_digest: decision.payload_digest,
        ...(decision.type === 'patch' && { patched_digest: found.payload_digest }),
      });
    }

    /** A workflow that was started anew, or whose screening timed out after it was written, knows of no proposal. */
    async function remindOfPatch({ decision_id: patch_id, by, payload_digest }: ProposedPatch): Promise<void> {
      await remind(request_id, {
        decision_id: patch_id,
        type: 'patch',
        actor: by,
        payload_digest: request.payload_digest,
        patched_digest: payload_digest,
      }).catch(() => {}); // Temporal is away: the answer that follows says so
    }

    async function send(decisionRef: DecisionRef): Promise<Decided> {
      const sent = await sendDecision(client, request_id, decisionRef);
      switch (sent.state) {
        case 'recorded':
          return { status: 202, body: { decision_id, status: 'recorded' } };
        case 'temporal_away': {
          // It may have died between the ledger and its history.
          const found = (await store.view(project_id, request_id))?.standing;
          if (found?.decision_id === decision_id) remindLater(found);
          if (found) return told(found, 201);
          throw new DomainError(
            'temporal_unavailable',
            'Temporal does not answer; nothing is decided so far. Send the same decision again.',
            { retry_after: 2 },
          );
        }
        case 'proposed':
          return proposed(decisionRef);
        case 'refused':
          return refused(sent.code, decisionRef);
        case 'settled':
        case 'closed': {
          const found = (await store.view(project_id, request_id))?.standing;
          if (found) return told(found, 201);
          if (isRestarted)
            throw new DomainError(
              'temporal_unavailable',
              'The approval has not started yet. Nothing was decided; try again.',
              { retry_after: 2 },
            );
          await starter.startApproval(request).catch(() => {}); // acknowledged while Temporal was away
          isRestarted = true;
          return send(decisionRef);
        }
        default:
          return sent satisfies never;
      }
    }

    async function proposed({ patched_digest: payload_digest = '' }: DecisionRef): Promise<Decided> {
      const findings = (await store.screeningOf(project_id, request_id, decision_id)) ?? [];
      return awaiting({ decision_id, findings, payload_digest });
    }

    async function refused(code: Refusal, decisionRef: DecisionRef): Promise<Decided> {
      if (code === 'payload_changed' && !isReminded) {
        const still = await store.proposalOf(project_id, request_id);
        if (isAbout(still, decision)) {
          isReminded = true;
          await remindOfPatch(still);
          return send(decisionRef);
        }
      }
      if (code === 'patch_refused') {
        const findings = (await store.screeningOf(project_id, request_id, decision_id)) ?? [];
        throw new DomainError('patch_refused', REFUSED.patch_refused().message, { findings });
      }
      const found = code === 'not_pending' || code === 'expired' ? await standingSoon() : undefined;
      if (found) return told(found, 200);
      throw REFUSED[code]();
    }

    /** The workflow is closed before the ledger is written: whoever is refused in between is told the outcome, if it comes soon. */
    async function standingSoon(): Promise<Standing | undefined> {
      for (let waited = 0; ; waited += LEDGER_STEP_MS) {
        const found = (await store.view(project_id, request_id))?.standing;
        if (found || waited >= LEDGER_WAIT_MS) return found;
        await new Promise((resolve) => setTimeout(resolve, LEDGER_STEP_MS));
      }
    }
  };

function patched({ request }: RequestView, patched_payload: Extract<Decision, { type: 'patch' }>['patched_payload']) {
  if (Object.keys(patched_payload).length === 0) {
    throw new DomainError(
      'patch_refused',
      'An empty patch is refused: published clients would run the original payload. Reject instead.',
    );
  }
  if (equal(patched_payload, request.payload))
    throw new DomainError('invalid_request', 'The patch changes nothing: approve instead.', {
      errors: [{ pointer: '/patched_payload', detail: 'equal to the payload' }],
    });
  const errors = schemaErrors(request.schema, patched_payload);
  if (errors.length > 0)
    throw new DomainError('patch_refused', 'The patched payload does not satisfy the schema of the request.', {
      errors,
    });
  const salt = randomBytes(SALT_BYTES);
  const { service, action } = request;
  return {
    patched_payload,
    salt: saltText(salt),
    patched_digest: payloadDigest(salt, { service, action, payload: patched_payload }),
  };
}
