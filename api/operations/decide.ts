import { randomBytes } from 'node:crypto';
import type { Decision, DecisionAnswer, DecisionRecorded } from '../../contracts/decision.ts';
import type { DecisionRef } from '../../contracts/workflow.ts';
import { maySee, type Principal } from '../../domain/access/permissions.ts';
import type { Refusal } from '../../domain/approval/approval.ts';
import type { Channel } from '../../domain/approval/record.ts';
import type { Standing } from '../../domain/approval/status-answer.ts';
import { canonicalBytes } from '../../domain/canonical-json.ts';
import { payloadDigest, SALT_BYTES, saltText } from '../../domain/digest.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ApprovalStore, Client, RequestView, WorkflowStarter } from '../ports.ts';
import { schemaErrors } from './json-schema.ts';
import { remindOfDecision, sendDecision } from './send-decision.ts';
import { decisionAnswer, standingSentence } from './views.ts';

export interface DecideDeps {
  store: ApprovalStore;
  client: Client;
  starter: Pick<WorkflowStarter, 'startApproval'>;
}

export type Decided = { status: 200 | 201; body: DecisionAnswer } | { status: 202; body: DecisionRecorded };

const LEDGER_STEP_MS = 100;
const LEDGER_WAIT_MS = 2_000;

const equal = (a: unknown, b: unknown) => Buffer.compare(canonicalBytes(a), canonicalBytes(b)) === 0;

/** Whether what stands is this very decision of this very person, so that saying it again changes nothing. */
function isSame(standing: Standing, principal: Principal, decision: Decision, asked_digest: string): boolean {
  if (
    standing.decided_by !== principal.owner ||
    standing.type !== decision.type ||
    standing.outcome.verified === false ||
    decision.payload_digest !== asked_digest
  )
    return false;
  if (decision.type === 'reject') return standing.reason === decision.reason;
  return decision.type === 'approve' || equal(standing.patched_payload, decision.patched_payload);
}

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
  ({ store, client, starter }: DecideDeps) =>
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
      if (standing.decision_id === decision_id) await remind(standing);
      return answer;
    }
    if (decision.payload_digest !== request.payload_digest) throw REFUSED.payload_changed();

    const patch = decision.type === 'patch' ? patched(view, decision.patched_payload) : undefined;
    const ref: DecisionRef = {
      decision_id,
      type: decision.type,
      actor: owner,
      payload_digest: decision.payload_digest,
      ...(patch && { patched_digest: patch.patched_digest }),
    };
    await store.recordDecision(project_id, {
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
    return send(ref, false);

    /** What stands, to whoever asked: the same decision is repeated, another is refused. */
    function told(found: Standing, status: 200 | 201): Decided {
      if (found.decision_id === decision_id || isSame(found, principal, decision, request.payload_digest))
        return { status, body: decisionAnswer(found) };
      throw closed(found);
    }

    /**
     * The very call is repeated because its answer was lost. Temporal may have died between ledger and history, and would then know
     * of no decision: a workflow that is still open hears it again, and finds what stands.
     */
    async function remind(found: Standing): Promise<void> {
      await remindOfDecision(client, request_id, {
        decision_id,
        type: decision.type,
        actor: owner,
        payload_digest: request.payload_digest,
        ...(decision.type === 'patch' && { patched_digest: found.payload_digest }),
      });
    }

    async function send(decisionRef: DecisionRef, restarted: boolean): Promise<Decided> {
      const sent = await sendDecision(client, request_id, decisionRef);
      switch (sent.state) {
        case 'recorded':
          return { status: 202, body: { decision_id, status: 'recorded' } };
        case 'temporal_away': {
          // It may have died between the ledger and its history.
          const found = (await store.view(project_id, request_id))?.standing;
          if (found) return told(found, 201);
          throw new DomainError(
            'temporal_unavailable',
            'Temporal does not answer; nothing is decided so far. Send the same decision again.',
            { retry_after: 2 },
          );
        }
        case 'refused':
          return refused(sent.code);
        case 'settled':
        case 'closed': {
          const found = (await store.view(project_id, request_id))?.standing;
          if (found) return told(found, 201);
          if (restarted)
            throw new DomainError(
              'temporal_unavailable',
              'The approval has not started yet. Nothing was decided; try again.',
              { retry_after: 2 },
            );
          await starter.startApproval(request).catch(() => {}); // acknowledged while Temporal was away
          return send(decisionRef, true);
        }
        default:
          return sent satisfies never;
      }
    }

    async function refused(code: Refusal): Promise<Decided> {
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
