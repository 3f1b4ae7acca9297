import { DECISION_TYPES } from '../../contracts/decision-type.ts';
import type { ApprovalInput, BotDecision, DecisionRef } from '../../contracts/workflow.ts';

/**
 * Parsers of a workflow's input and messages. They never throw: an attacker who can write to the namespace may send anything, and a
 * throw would fail the workflow task again and again.
 */
const members = (raw: unknown): Record<string, unknown> =>
  typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>) : {};
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 200;
const isDigest = (value: unknown): value is string => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);

const isId = (value: unknown, prefix: string): value is string =>
  typeof value === 'string' && value.startsWith(`${prefix}_`) && /^[a-z]{3}_[0-9a-z]{26}$/.test(value);

/** Undefined for anything but the input of an approval. Whether it is that of a row, `admit` says. */
export function parseApprovalInput(raw: unknown): ApprovalInput | undefined {
  const { project_id, request_id, payload_digest, requested_by, expires_at_ms, accept_unsigned_signals } = members(raw);
  if (!isId(project_id, 'prj') || !isId(request_id, 'req') || !isDigest(payload_digest)) return undefined;
  if (typeof requested_by !== 'string' || !Number.isSafeInteger(expires_at_ms)) return undefined;
  return {
    project_id,
    request_id,
    payload_digest,
    requested_by,
    expires_at_ms: expires_at_ms as number,
    accept_unsigned_signals: accept_unsigned_signals === true,
  };
}

/** Undefined for anything but a decision. Unknown members are dropped. */
export function parseDecisionRef(raw: unknown): DecisionRef | undefined {
  const { decision_id, type, actor, payload_digest, patched_digest, decided_at_ms } = members(raw);
  if (!isText(decision_id) || !isText(actor) || !isDigest(payload_digest)) return undefined;
  const known = DECISION_TYPES.find((name) => name === type);
  if (known === undefined) return undefined;
  const decision = {
    decision_id,
    type: known,
    actor,
    payload_digest,
    ...(Number.isSafeInteger(decided_at_ms) && { decided_at_ms: decided_at_ms as number }),
  };
  if (known !== 'patch') return decision;
  return isDigest(patched_digest) ? { ...decision, patched_digest } : undefined;
}

/** A bot approves or rejects. Reasons and patches hold user text, so they go through HTTP. `newId` is for a decision without an id. */
export function parseBotDecision(raw: unknown, newId: () => string): DecisionRef | undefined {
  const { decision_id, ...rest } = members(raw) as Partial<BotDecision>;
  if (decision_id !== undefined && !isText(decision_id)) return undefined;
  const decision = parseDecisionRef({ ...rest, decision_id: `bot/${decision_id ?? newId()}`.slice(0, 200) });
  return decision?.type === 'patch' ? undefined : decision;
}
