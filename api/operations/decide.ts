import { randomBytes } from 'node:crypto';
import type { ProposedPatch } from '../../contracts/approval-request.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { sha256 } from '../../crypto/sha256.ts';
import { mayDo, maySee, type Principal } from '../../domain/access/permissions.ts';
import { isSameOwner } from '../../domain/access/same-owner.ts';
import { refusalOf, SECOND_APPROVER } from '../../domain/approval/approval.ts';
import type { DecisionEntry, DecisionStore, RecordedDecision } from '../../domain/approval/decision-ports.ts';
import { withPayload } from '../../domain/approval/kept-payload.ts';
import type { Channel, NewDecision, UnsealedRequest } from '../../domain/approval/record.ts';
import { payloadDigest, SALT_BYTES, saltText } from '../../domain/digest.ts';
import { DomainError } from '../../domain/errors.ts';
import { sameJson } from '../../domain/json/same-json.ts';
import type { AgentSchemas } from '../../domain/json/schema.ts';
import { isSealedPayload } from '../../domain/sealed-payload.ts';
import { type Attempt, answerWith, type Decided, patchRefOf, refOf } from './decision-attempt.ts';
import { REFUSED } from './decision-refusals.ts';
import { awaitingSecondApprover, createSubmit, type SubmitDeps } from './submit-decision.ts';

/**
 * The api checks the rules of the workflow first, for a clear answer before anything is written. The deadline is checked by the
 * statement that writes the decision, by the database's clock.
 */
const refusalBefore = (attempt: Attempt, proposal: ProposedPatch | undefined) => {
  const { payload_digest, requested_by } = attempt.request;
  return refusalOf(
    { phase: 'pending', ...(proposal && { proposal: patchRefOf(attempt.request, proposal) }) },
    refOf(attempt, null),
    true,
    { payload_digest, requested_by, expires_at_ms: Number.POSITIVE_INFINITY },
    Date.now(),
  );
};

/** The same patch again, by the same person. */
const isProposed = ({ owner, decision }: Attempt, proposal: ProposedPatch | undefined): proposal is ProposedPatch =>
  decision.type === 'patch' && proposal?.by === owner && sameJson(proposal.payload, decision.patched_payload);

const SEALED =
  'The client sealed this payload, and this page cannot show it, so it cannot be approved here. It can be rejected. A person who holds the key can read it elsewhere and approve its digest by the API or the command line.';
/** `checkAccess` throws when the person's access has ended; called before the decision is written. */
export type Decide = (
  principal: Principal,
  request_id: string,
  decision: Decision,
  decision_id: string,
  channel: Channel,
  checkAccess: () => void,
) => Promise<Decided>;

export interface DecideDeps extends SubmitDeps {
  decisions: DecisionStore;
  agentSchemas: Pick<AgentSchemas, 'check'>;
}

/**
 * One approver's decision. Its row is written before its message is sent: only a decision with a row counts. The workflow
 * checks the rules again, and so does `settle`, against an attacker who writes to the namespace and never calls the api.
 * @throws DomainError with the resolution when there is one.
 */
export function createDecide(deps: DecideDeps): Decide {
  const { decisions, agentSchemas } = deps;
  const { submit, redeliverOwn, resendPatch } = createSubmit(deps);

  /** What is to be done with the attempt, by the request as it is. A decision that needs no further check is recorded at once. */
  const checked = async (
    principal: Principal,
    entry: DecisionEntry,
    attempt: Attempt,
    channel: Channel,
    record: () => Promise<RecordedDecision>,
  ) => {
    const { resolution } = entry;
    const { owner, request, decision } = attempt;
    // Only these can concern a patch that waits for a second approver: another patch, or a decision on another payload.
    const mayMeetProposal = decision.type === 'patch' || decision.payload_digest !== request.payload_digest;
    const proposal = mayMeetProposal && !resolution ? await entry.proposal() : undefined;
    const refusal = refusalBefore(attempt, proposal);
    if (refusal === 'own_request' || isSameOwner(owner, request.requested_by)) throw REFUSED.own_request();
    if (request.metadata.role === 'admin' && principal.role !== 'admin')
      throw new DomainError('forbidden', 'The agent asked for an admin to decide this.');
    if (resolution) return { attempt, resolution };
    if (refusal !== undefined && refusal !== SECOND_APPROVER) throw REFUSED[refusal]();
    if (channel === 'console' && approves(decision, request, proposal).some(isSealedPayload))
      throw new DomainError('payload_sealed', SEALED);
    const isOfProposal = decision.payload_digest !== request.payload_digest;
    if (decision.type === 'approve' && isOfProposal && proposal && isSameOwner(owner, proposal.by))
      throw REFUSED.own_patch();
    if (isProposed(attempt, proposal)) return { attempt, proposal };
    return decision.type === 'patch' ? { attempt } : { attempt, recorded: await record() };
  };

  return async (principal, request_id, decision, decision_id, channel, checkAccess) => {
    const { project_id, owner } = principal;
    if (!mayDo(principal, 'approval:decide'))
      throw new DomainError(
        'forbidden',
        'You signed in with a key that was made without the permission approval:decide.',
      );
    const rowWith = (patch?: Awaited<ReturnType<typeof patched>>): NewDecision => ({
      id: decision_id,
      request_id,
      type: decision.type,
      actor: owner,
      channel,
      key_made_by: principal.made_by,
      payload_digest: decision.payload_digest,
      patched_digest: patch?.patched_digest ?? null,
      ...(decision.type === 'reject' && { reason: decision.reason }),
      ...(patch && { patched_payload: patch.patched_payload, salt: patch.salt }),
    });
    const found = await decisions.deciding(project_id, request_id, async (entry) => {
      if (!maySee(principal, entry.request)) return undefined;
      const attempt: Attempt = { decision_id, owner, request: withPayload(entry.request), decision };
      return checked(principal, entry, attempt, channel, () => {
        checkAccess();
        return entry.record(rowWith());
      });
    });
    if (!found) throw new DomainError('not_found', 'There is no such approval request.');
    const { attempt } = found;
    if (found.resolution) {
      const answer = answerWith(attempt, found.resolution, 200);
      redeliverOwn(attempt, found.resolution);
      return answer;
    }
    if (found.proposal) {
      await resendPatch(attempt, found.proposal);
      return awaitingSecondApprover(found.proposal);
    }
    const recorded = found.recorded ?? (await recordedPatch());
    if (recorded.state === 'late') throw REFUSED.expired();
    if (recorded.sent_back_at) throw REFUSED.not_pending();
    return submit(attempt, {
      ...refOf(attempt, recorded.patched_digest),
      decided_at_ms: recorded.created_at.getTime(),
    });

    /** The check of a patch may wait for its turn, and no transaction waits for it. */
    async function recordedPatch(): Promise<RecordedDecision> {
      if (decision.type !== 'patch') throw new TypeError('recorded before');
      const patch = await patched(agentSchemas, attempt.request, decision.patched_payload);
      checkAccess();
      return decisions.recordDecision(project_id, rowWith(patch));
    }
  };
}

/** The payloads that an approval of this kind lets a person believe to have seen. */
const approves = (
  decision: Decision,
  { payload }: UnsealedRequest,
  proposal: ProposedPatch | undefined,
): readonly JsonObject[] => {
  if (decision.type === 'reject') return [];
  return [
    payload,
    ...(proposal ? [proposal.payload] : []),
    ...('patched_payload' in decision ? [decision.patched_payload] : []),
  ];
};

/** The payload of a patch, with its salt and digest. */
async function patched(
  agentSchemas: Pick<AgentSchemas, 'check'>,
  request: UnsealedRequest,
  patched_payload: Extract<Decision, { type: 'patch' }>['patched_payload'],
) {
  if (Object.keys(patched_payload).length === 0) {
    throw new DomainError(
      'patch_refused',
      'An empty patch is refused: published clients would run the original payload. Reject instead.',
    );
  }
  if (sameJson(patched_payload, request.payload))
    throw new DomainError('invalid_request', 'The patch changes nothing: approve instead.', {
      errors: [{ pointer: '/patched_payload', detail: 'equal to the payload' }],
    });
  await refuseViolations(agentSchemas, request, patched_payload);
  const salt = randomBytes(SALT_BYTES);
  const { service, action } = request;
  return {
    patched_payload,
    salt: saltText(salt),
    patched_digest: payloadDigest(salt, { service, action, payload: patched_payload }, sha256),
  };
}

/** The schema is the agent's. One that cannot be applied lets no patch pass: the request can still be approved or rejected. */
async function refuseViolations(
  agentSchemas: Pick<AgentSchemas, 'check'>,
  { schema, key_id }: UnsealedRequest,
  patched_payload: JsonObject,
): Promise<void> {
  if (schema === undefined || schema === null) return;
  const checked = await agentSchemas.check(key_id, JSON.stringify(schema), JSON.stringify(patched_payload));
  if ('unchecked' in checked)
    throw new DomainError(
      'patch_refused',
      `The patch could not be checked, and nothing was recorded. ${checked.unchecked}`,
    );
  if (checked.violations.length > 0)
    throw new DomainError('patch_refused', 'The patched payload does not satisfy the schema of the request.', {
      errors: checked.violations.map(({ pointer, reason }) => ({
        pointer: `/patched_payload${pointer}`,
        detail: reason,
      })),
    });
}
