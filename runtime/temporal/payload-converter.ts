import {
  DefaultPayloadConverter,
  METADATA_ENCODING_KEY,
  type Payload,
  type PayloadConverter,
} from '@temporalio/common';

/**
 * What a reader gets in place of a value that it cannot read. It has no member that a parser of ours looks for, and no text of the
 * message.
 */
export const UNREADABLE = Object.freeze({ letsping_unreadable: true as const });

/** The encodings of our own values. A message of ours is JSON, or nothing. */
const KNOWN = ['json/plain', 'binary/null'];
const isKnown = (encoding: Uint8Array | null | undefined): boolean =>
  !!encoding &&
  KNOWN.some(
    (name) => name.length === encoding.length && [...name].every((char, at) => char.charCodeAt(0) === encoding[at]),
  );

/**
 * More than any value of ours opens. The SDK copies the memo of a start between threads, and a deep one overflows its stack there: each
 * task of that run would fail.
 */
const MOST_BRACKETS = 1_000;
function isShallow(data: Uint8Array | null | undefined): boolean {
  let opened = 0;
  for (const byte of data ?? []) if (byte === 0x5b || byte === 0x7b) opened += 1;
  return opened <= MOST_BRACKETS;
}

const base = new DefaultPayloadConverter();

/**
 * Reads every payload, and never throws. The attacker can write to the namespace, or is a team's bot whose client encrypts: with the
 * SDK's converter one Signal that it cannot read fails every workflow task, and then no decision counts and no deadline fires.
 *
 * Bundled with the workflows, so it is synchronous and free of Node. The SDK prescribes the name of the export.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (...args: Parameters<PayloadConverter['toPayload']>) => base.toPayload(...args),
  fromPayload<T>(payload: Payload): T {
    // Before any attempt: 10,000 errors that are thrown and caught take longer than a workflow task may.
    if (!isKnown(payload?.metadata?.[METADATA_ENCODING_KEY]) || !isShallow(payload.data)) return UNREADABLE as T;
    try {
      return base.fromPayload<T>(payload);
    } catch {
      return UNREADABLE as T;
    }
  },
};
