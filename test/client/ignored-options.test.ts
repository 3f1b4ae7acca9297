import { afterEach, describe, expect, test, vi } from 'vitest';
import { decisionOf } from '../../client/decision.ts';
import { LetsPing, type LetsPingOptions } from '../../client/index.ts';
import type { StatusAnswer } from '../../contracts/approval-request.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { payloadDigest, saltText } from '../../domain/digest.ts';
import { withWireServer } from './wire-server.ts';

const refund = { service: 'billing-agent', action: 'refund', payload: { amount_cents: 500 } };
const sealed = { _lp_enc: true, iv: 'AAAAAAAAAAAAAAAA', ct: 'c2VhbGVk' };

describe('what this client does not do is refused before anything is sent', () => {
  afterEach(() => vi.unstubAllEnvs());

  test.each(['encryptionKey', 'encryption_key', 'baseURL', 'timeout'])('the option %s', (name) => {
    const options = { baseUrl: 'http://127.0.0.1:1', [name]: 'x' } as LetsPingOptions;
    const config = expect.objectContaining({
      code: 'LETSPING_CONFIG',
      message: expect.stringContaining(name.replace('_k', 'K')),
    });
    expect(() => new LetsPing('lp_test_key', options)).toThrow(config);
  });

  test('an encryption key of the environment, which a published client would use', () => {
    vi.stubEnv('LETSPING_ENCRYPTION_KEY', 'AAAA');
    const config = expect.objectContaining({
      code: 'LETSPING_CONFIG',
      message: expect.stringMatching(/LETSPING_ENCRYPTION_KEY.*does not encrypt/),
    });
    expect(() => new LetsPing('lp_test_key', { baseUrl: 'http://127.0.0.1:1' })).toThrow(config);
  });

  test.each([
    ['state_snapshot', { state_snapshot: { step: 1 } }],
    ['stateSnapshot', { stateSnapshot: {} }],
    ['a misspelt option', { expires_in_ms: 1_000 }],
    ['a sealed payload', { payload: sealed }],
  ])('%s', (_name, more) =>
    withWireServer(async (server, address) => {
      const lp = new LetsPing('lp_test_key', { baseUrl: address });
      const options = { ...refund, ...more };
      for (const call of [() => lp.ask(options), () => lp.defer(options), () => lp.open(options)])
        await expect(call()).rejects.toMatchObject({
          code: 'LETSPING_INVALID_ARGUMENT',
        });
      expect(server.seen).toHaveLength(0);
    }),
  );

  test('an option that is undefined counts as absent', () =>
    withWireServer(async (_server, address) => {
      const options = { baseUrl: address, encryptionKey: undefined } as LetsPingOptions;
      const lp = new LetsPing('lp_test_key', options);
      expect((await lp.open({ ...refund, ...{ state_snapshot: undefined } })).status).toBe('PENDING');
    }));
});

describe('an approved payload that only another client can open', () => {
  const salt = Buffer.alloc(32, 7);
  const answer = (payload: JsonObject, patched?: JsonObject): StatusAnswer =>
    ({
      id: 'req_1',
      service: refund.service,
      action: refund.action,
      status: 'APPROVED',
      payload,
      ...(patched && { patched_payload: patched }),
      metadata: {},
      payload_digest: payloadDigest(salt, { ...refund, payload: patched ?? payload }),
      digest_salt: saltText(salt),
      expires_at: '2026-01-02T10:00:00.000Z',
      outcome: { status: 'approved', cause: 'person', ...(patched && { modified: true }) },
    }) as StatusAnswer;
  const refusal = expect.objectContaining({ code: 'LETSPING_SEALED_PAYLOAD', requestId: 'req_1' });

  test('is not handed over as one that may run', () => {
    expect(() => decisionOf(answer(sealed))).toThrow(refusal);
    expect(() => decisionOf(answer(refund.payload, sealed))).toThrow(refusal);
    expect(decisionOf(answer(sealed, refund.payload)).status).toBe('APPROVED_WITH_MODIFICATIONS');
  });

  test('a rejection of it is still a decision', () => {
    const rejected = {
      ...answer(sealed),
      status: 'REJECTED' as const,
      outcome: { status: 'rejected', cause: 'person' },
    };
    expect(decisionOf(rejected as StatusAnswer)).toMatchObject({ status: 'REJECTED' });
  });
});
