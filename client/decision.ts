import type { StatusAnswer } from '../contracts/approval-request.ts';
import type { Outcome } from '../contracts/decision.ts';
import type { JsonObject } from '../contracts/json.ts';
import { type Change, type Changes, diffOf } from '../domain/diff.ts';
import { payloadDigest, saltBytes } from '../domain/digest.ts';
import type { Asked } from './ask-options.ts';
import { LetsPingError } from './errors.ts';
import { statementOf } from './receipt.ts';

/** How a request ended, in the shape of the published clients, with our own members behind it. */
export interface Decision {
  status: 'APPROVED' | 'APPROVED_WITH_MODIFICATIONS' | 'REJECTED';
  /** What was asked for. */
  payload: JsonObject;
  /** What may run instead; there only after a patch. */
  patched_payload?: JsonObject;
  /** Nested by key; a changed leaf or array is `{ from, to }`. */
  diff_summary?: { changes: Change | Changes | string };
  metadata: { actor_id?: string; resolved_at?: string; method?: string; reason?: string };
  outcome: Outcome;
  request_id: string;
  /** Of what may run. */
  payload_digest: string;
  /** Compact JWS of the outcome. */
  receipt?: string;
}

/** The one payload that may run; undefined when none may. */
export const approvedPayload = (decision: Decision): JsonObject | undefined =>
  decision.status === 'REJECTED' ? undefined : (decision.patched_payload ?? decision.payload);

/**
 * The decision in an answer of `GET /api/status/{id}`, checked: what may run has the digest that was approved, and without a
 * patch it is what was `asked`, where the caller still knows that.
 * @throws LetsPingError `LETSPING_DIGEST_MISMATCH` when it has not, `LETSPING_PENDING` while there is none.
 */
export function decisionOf(answer: StatusAnswer, asked?: Asked): Decision {
  if (answer.status === 'PENDING') {
    throw new LetsPingError('LETSPING_PENDING', `request ${answer.id} is not decided yet`, { requestId: answer.id });
  }
  if ((answer.status !== 'APPROVED' && answer.status !== 'REJECTED') || !answer.outcome) {
    throw new LetsPingError('LETSPING_BAD_ANSWER', `request ${answer.id} has no status that this client knows`, {
      requestId: answer.id,
    });
  }
  const common = {
    payload: answer.payload,
    metadata: metadataOf(answer),
    outcome: answer.outcome,
    request_id: answer.id,
    payload_digest: answer.payload_digest,
    ...(answer.receipt === undefined ? {} : { receipt: answer.receipt }),
  };
  if (answer.status === 'REJECTED') return { status: 'REJECTED', ...common };
  checkApproved(answer, asked);
  if (answer.patched_payload === undefined) return { status: 'APPROVED', ...common };
  return {
    status: 'APPROVED_WITH_MODIFICATIONS',
    ...common,
    patched_payload: answer.patched_payload,
    diff_summary: diffOf(answer.payload, answer.patched_payload) ?? { changes: 'Unknown structure changes' },
  };
}

function checkApproved(answer: StatusAnswer, asked: Asked | undefined): void {
  const refusal = (why: string, cause?: unknown) =>
    new LetsPingError('LETSPING_DIGEST_MISMATCH', `request ${answer.id}: ${why}; nothing may run`, {
      requestId: answer.id,
      cause,
    });
  const modified = answer.outcome?.modified === true;
  if (modified !== (answer.patched_payload !== undefined)) {
    throw refusal('the outcome and the payload disagree on whether it was patched');
  }
  const statement = answer.receipt === undefined ? undefined : statementOf(answer.receipt);
  const executed = statement?.predicate.executed?.payload_digest;
  if (executed !== undefined && executed !== answer.payload_digest)
    throw refusal('the receipt speaks of another payload');
  const { service, action } = asked ?? answer;

  const digest = (payload: JsonObject) => {
    try {
      return payloadDigest(saltBytes(answer.digest_salt), { service, action, payload });
    } catch (error) {
      throw refusal('the digest cannot be made', error);
    }
  };
  if (digest(answer.patched_payload ?? answer.payload) !== answer.payload_digest) {
    throw refusal('the payload is not the approved one');
  }
  if (asked && !modified && digest(asked.payload) !== answer.payload_digest) {
    throw refusal('what was approved is not what was asked for');
  }
}

function metadataOf({ metadata, actor_id, resolved_at, reason }: StatusAnswer): Decision['metadata'] {
  const told = { actor_id, resolved_at, reason, ...metadata };
  const texts = (['actor_id', 'resolved_at', 'method', 'reason'] as const).flatMap((name) => {
    const text = (told as Record<string, unknown>)[name];
    return typeof text === 'string' ? [[name, text] as const] : [];
  });
  return Object.fromEntries(texts);
}
