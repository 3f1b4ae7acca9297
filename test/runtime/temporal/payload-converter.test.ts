import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  parseApprovalInput,
  parseBotDecision,
  parseDecisionRef,
  parseDeliveryRef,
  parseResumeInput,
  parseSettled,
} from '../../../domain/approval/messages.ts';
import { payloadConverter, UNREADABLE } from '../../../runtime/temporal/payload-converter.ts';
import { JUNK } from '../../faults/junk.ts';

const PARSERS: ((raw: unknown) => unknown)[] = [
  parseApprovalInput,
  parseDecisionRef,
  (raw) => parseBotDecision(raw, () => 'new'),
  parseSettled,
  parseDeliveryRef,
  parseResumeInput,
];

const KNOWN = ['json/plain', 'binary/null', 'binary/plain', 'binary/encrypted', 'json/protobuf', 'binary/protobuf', ''];
const bytes = (text: string) => new TextEncoder().encode(text);
const anyPayload: fc.Arbitrary<unknown> = fc.oneof(
  fc.record(
    {
      metadata: fc.oneof(
        fc.dictionary(fc.string(), fc.uint8Array()),
        fc.record({ encoding: fc.oneof(fc.constantFrom(...KNOWN).map(bytes), fc.uint8Array()) }),
        fc.constant(null),
      ),
      data: fc.oneof(fc.uint8Array(), fc.json().map(bytes), fc.constant(null)),
    },
    { requiredKeys: [] },
  ),
  fc.constantFrom(null, undefined, {}),
);

test('whatever a payload holds, reading it does not throw, and no parser takes what is unreadable', () => {
  fc.assert(
    fc.property(anyPayload, (payload) => {
      const value = payloadConverter.fromPayload(payload as Payload);
      for (const parse of PARSERS) parse(value);
    }),
    { numRuns: 2_000 },
  );
  for (const parse of PARSERS) expect(parse(UNREADABLE)).toBeUndefined();
  expect(Object.isFrozen(UNREADABLE)).toBe(true);
});

test('every kind of junk is unreadable, or a value that no parser takes', () => {
  const read = Object.entries(JUNK).map(([kind, payloads]) => {
    const values = (payloads ?? []).map((payload) => payloadConverter.fromPayload(payload as Payload));
    for (const value of [...values, undefined]) for (const parse of PARSERS) expect(parse(value), kind).toBeUndefined();
    return [kind, values.includes(UNREADABLE)] as const;
  });
  expect(read.filter(([, isUnreadable]) => isUnreadable).map(([kind]) => kind)).toEqual([
    'two values',
    'encrypted',
    'protobuf',
    'an external reference',
    'a broken external reference',
    'bad JSON',
    'JSON without bytes',
    'no encoding',
    'no metadata',
    'bytes',
    'deep JSON',
  ]);
});

test('values of ours are written as the SDK writes them, and read again', () => {
  for (const value of [undefined, null, true, 7, 'text', { decision_id: 'dec_1' }, ['a', { b: null }]]) {
    expect(payloadConverter.toPayload(value)).toEqual(defaultPayloadConverter.toPayload(value));
    expect(payloadConverter.fromPayload(payloadConverter.toPayload(value))).toEqual(value);
  }
});

test('a decision is read by the names of its members, however many it has', () => {
  const given = { type: 'approve', actor: 'bot', payload_digest: `sha256:${'0'.repeat(64)}` };
  let reads = 0;
  const counted = new Proxy(given, {
    get: (target, name) => {
      reads += 1;
      return Reflect.get(target, name);
    },
    ownKeys: () => {
      throw new Error('it enumerates the members');
    },
  });
  expect(parseBotDecision(counted, () => 'new')).toMatchObject({ decision_id: 'bot/new', type: 'approve' });
  expect(reads).toBeLessThan(10);
});
