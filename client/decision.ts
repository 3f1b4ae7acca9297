import type { StatusAnswer } from '../contracts/approval-request.ts';
import type { Outcome } from '../contracts/decision.ts';
import type { JsonObject } from '../contracts/json.ts';
import { type Change, type Changes, diffOf } from '../domain/diff.ts';
import { payloadDigest, saltBytes } from '../domain/digest.ts';
import { isSealedPayload } from '../domain/sealed-payload.ts';
import type { RequestedAction } from './ask-options.ts';
import { LetsPingError } from './errors.ts';
import { statementOf } from './receipt.ts';

/** How a request ended, in the shape of the published clients, followed by additional members. */
export interface Decision {
  status: 'APPROVED' | 'APPROVED_WITH_MODIFICATIONS' | 'REJECTED';
  /** The requested payload. */
  payload: JsonObject;
  /** The payload that may run instead; present only after a patch. */
  patched_payload?: JsonObject;
  /** Nested by key; a changed leaf or array is `{ from, to }`. */
  diff_summary?: { changes: Change | Changes | string };
  metadata: { actor_id?: string; resolved_at?: string; method?: string; reason?: string };
  outcome: Outcome;
  request_id: string;
  /** Digest of the payload that may run. */
  payload_digest: string;
  /** Compact JWS of the resolution. */
  receipt?: string;
}

/** The payload that may run; undefined if none may. */
export const approvedPayload = (decision: Decision): JsonObject | undefined =>
  decision.status === 'REJECTED' ? undefined : (decision.patched_payload ?? decision.payload);

/**
 * The decision in an answer of `GET /api/status/{id}`, checked: the payload that may run has the approved digest. Without a
 * patch it equals the requested one, if the caller still has that.
 * @throws LetsPingError `LETSPING_DIGEST_MISMATCH` if a check fails, `LETSPING_SEALED_PAYLOAD` if only another client can open it,
 * `LETSPING_PENDING` while there is no decision.
 */
export function decisionOf(answer: StatusAnswer, requested?: RequestedAction): Decision {
  if (answer.status === 'PENDING') {
    throw new LetsPingError('LETSPING_PENDING', `request ${answer.id} is not decided yet`, { requestId: answer.id });
  }
  if ((answer.status !== 'APPROVED' && answer.status !== 'REJECTED') || !answer.outcome) {
    throw new LetsPingError('LETSPING_BAD_ANSWER', `request ${answer.id} has a status that this client does not know`, {
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
  checkApproved(answer, requested);
  if (answer.patched_payload === undefined) return { status: 'APPROVED', ...common };
  return {
    status: 'APPROVED_WITH_MODIFICATIONS',
    ...common,
    patched_payload: answer.patched_payload,
    diff_summary: diffOf(answer.payload, answer.patched_payload) ?? { changes: 'Unknown structure changes' },
  };
}

function checkApproved(answer: StatusAnswer, requested: RequestedAction | undefined): void {
  if (isSealedPayload(answer.patched_payload ?? answer.payload))
    throw new LetsPingError(
      'LETSPING_SEALED_PAYLOAD',
      `request ${answer.id}: the approved payload is sealed (_lp_enc), and this client cannot open it; nothing may run`,
      { requestId: answer.id },
    );
  const refusal = (why: string, cause?: unknown) =>
    new LetsPingError('LETSPING_DIGEST_MISMATCH', `request ${answer.id}: ${why}; nothing may run`, {
      requestId: answer.id,
      cause,
    });
  const modified = answer.outcome?.modified === true;
  if (modified !== (answer.patched_payload !== undefined)) {
    throw refusal('outcome and payload disagree on whether it was patched');
  }
  const statement = answer.receipt === undefined ? undefined : statementOf(answer.receipt);
  const executed = statement?.predicate.executed?.payload_digest;
  if (answer.receipt !== undefined && executed !== answer.payload_digest)
    throw refusal('the receipt is about another payload');
  const { service, action } = requested ?? answer;

  const digest = (payload: JsonObject) => {
    try {
      return payloadDigest(saltBytes(answer.digest_salt), { service, action, payload });
    } catch (error) {
      throw refusal('the digest cannot be computed', error);
    }
  };
  if (digest(answer.patched_payload ?? answer.payload) !== answer.payload_digest) {
    throw refusal('the payload is not the approved one');
  }
  if (requested && !modified && digest(requested.payload) !== answer.payload_digest) {
    throw refusal('the approved payload is not the requested one');
  }
}

function metadataOf({ metadata, actor_id, resolved_at, reason }: StatusAnswer): Decision['metadata'] {
  const members = { actor_id, resolved_at, reason, ...metadata };
  const texts = (['actor_id', 'resolved_at', 'method', 'reason'] as const).flatMap((name) => {
    const text = (members as Record<string, unknown>)[name];
    return typeof text === 'string' ? [[name, text] as const] : [];
  });
  return Object.fromEntries(texts);
}
