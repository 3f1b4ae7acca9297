import { DECISION_TYPES } from '../../contracts/decision-type.ts';
import type { ApprovalInput, DecisionRef, DeliveryRef, ResumeInput, Settled } from '../../contracts/workflow.ts';

/**
 * Parsers of a workflow's input, messages and answers. They never throw: an attacker who can write to the namespace may send anything,
 * and a throw would fail the workflow task again and again. They read the members that they name, however many there are.
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
  const { decision_id, type, actor, payload_digest } = members(raw);
  if (decision_id !== undefined && !isText(decision_id)) return undefined;
  const id = `bot/${decision_id ?? newId()}`.slice(0, 200);
  const decision = parseDecisionRef({ decision_id: id, type, actor, payload_digest });
  return decision?.type === 'patch' ? undefined : decision;
}

/** Undefined for anything but an answer of `settle`. Whether it is the ledger's, only our worker can say. */
export function parseSettled(raw: unknown): Settled | undefined {
  const { resolution, delivery_ids } = members(raw);
  const { status, payload_digest, decision_id } = members(resolution);
  if (!isText(status) || !isText(payload_digest)) return undefined;
  if (decision_id !== undefined && !isText(decision_id)) return undefined;
  if (!Array.isArray(delivery_ids) || !delivery_ids.every(isText)) return undefined;
  return { resolution: resolution as Settled['resolution'], delivery_ids };
}

/** Undefined for anything but the input of a delivery. */
export function parseDeliveryRef(raw: unknown): DeliveryRef | undefined {
  const { project_id, delivery_id } = members(raw);
  return isText(project_id) && isText(delivery_id) ? { project_id, delivery_id } : undefined;
}

/** Undefined for anything but the input of a resume. */
export function parseResumeInput(raw: unknown): ResumeInput | undefined {
  const { project_id, thread_key, graph, task_queue } = members(raw);
  if (!isText(project_id) || !isText(thread_key) || !isText(task_queue)) return undefined;
  if (typeof graph !== 'string' || graph === '') return undefined;
  return { project_id, thread_key, graph, task_queue };
}
