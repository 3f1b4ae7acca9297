import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import type { Config } from '../../runtime/config.ts';
import { loadPayloadCodecs } from '../../runtime/temporal/payload-codec.ts';
import { type CheckResult, fail, messageOf, ok } from './check.ts';

const VALUE = { check: 'letsping doctor' };

/** Whether it encodes, and reads what it encoded. A tolerant codec leaves alone what it cannot read. */
async function readsItsOwn(codecs: PayloadCodec[]): Promise<boolean> {
  let payloads: Payload[] = [defaultPayloadConverter.toPayload(VALUE)];
  for (const codec of codecs) payloads = await codec.encode(payloads);
  for (const codec of codecs.toReversed()) payloads = await codec.decode(payloads);
  return JSON.stringify(defaultPayloadConverter.fromPayload(payloads[0]!)) === JSON.stringify(VALUE);
}

const FIX = 'use the module that the other clients and workers of the namespace use (docs/operations.md, "Temporal")';

/** Without a codec there is nothing to check. */
export async function payloadCodec({ payload_codec }: Config): Promise<CheckResult[]> {
  if (payload_codec === undefined) return [];
  try {
    const codecs = await loadPayloadCodecs(payload_codec);
    const reads = await readsItsOwn(codecs).catch(() => false);
    return [
      reads
        ? ok('payload codec', 'encodes a value and reads it again')
        : fail('payload codec', 'it cannot encode a value, or does not read what it encoded', FIX),
    ];
  } catch (error) {
    return [fail('payload codec', messageOf(error), FIX)];
  }
}
