import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { approvedPayload, decisionOf } from '../../client/decision.ts';
import type { StatusAnswer } from '../../contracts/approval-request.ts';
import { payloadDigest, saltText } from '../../domain/digest.ts';

const salt = randomBytes(32);
const requested = { service: 'billing-agent', action: 'refund', payload: { amount_cents: 500 } };
const digest = payloadDigest(salt, requested);

/** The part of a receipt that the client reads; it does not check the signature. */
const receiptOf = (predicate: object) => `e30.${Buffer.from(JSON.stringify({ predicate })).toString('base64url')}.c2ln`;

const approved: StatusAnswer = {
  id: 'req_1',
  service: requested.service,
  action: requested.action,
  status: 'APPROVED',
  payload: requested.payload,
  metadata: { actor_id: 'ana', resolved_at: '2026-01-01T10:00:00.000Z', method: 'console', other: 1 },
  payload_digest: digest,
  digest_salt: saltText(salt),
  expires_at: '2026-01-02T10:00:00.000Z',
  outcome: { status: 'approved', cause: 'person' },
  receipt: receiptOf({ service: 'billing-agent', action: 'refund', executed: { payload_digest: digest } }),
};

const mismatch = expect.objectContaining({ code: 'LETSPING_DIGEST_MISMATCH', requestId: 'req_1' });

describe('decisionOf', () => {
  test('has the published shape', () => {
    expect(decisionOf(approved, requested)).toEqual({
      status: 'APPROVED',
      payload: requested.payload,
      metadata: { actor_id: 'ana', resolved_at: '2026-01-01T10:00:00.000Z', method: 'console' },
      outcome: { status: 'approved', cause: 'person' },
      request_id: 'req_1',
      payload_digest: digest,
      receipt: approved.receipt,
    });
  });

  test('takes service and action from the answer when another process opened the request', () => {
    expect(decisionOf(approved)).toMatchObject({ status: 'APPROVED' });
    expect(() => decisionOf({ ...approved, service: 'other' })).toThrow(mismatch);
  });

  test('refuses a receipt about another payload', () => {
    const receipt = receiptOf({ ...requested, executed: { payload_digest: `sha256:${'0'.repeat(64)}` } });

    expect(() => decisionOf({ ...approved, receipt }, requested)).toThrow(mismatch);
  });

  test('refuses a receipt that it cannot read, or that lets nothing run', () => {
    const [head, body, signature] = approved.receipt!.split('.') as [string, string, string];
    for (const receipt of [
      '',
      body,
      `${head}.${body}`,
      `${head}.${body}=.${signature}`,
      `${head}. ${body}.${signature}`,
    ])
      expect(() => decisionOf({ ...approved, receipt }, requested)).toThrow(mismatch);
    expect(() => decisionOf({ ...approved, receipt: receiptOf(requested) }, requested)).toThrow(mismatch);
  });

  test('refuses an answer about another action or payload than the requested one', () => {
    expect(() => decisionOf(approved, { ...requested, action: 'payout' })).toThrow(mismatch);
    expect(() => decisionOf(approved, { ...requested, payload: { amount_cents: 501 } })).toThrow(mismatch);
  });

  test('throws while there is no decision, and for an unknown status', () => {
    expect(() => decisionOf({ ...approved, status: 'PENDING' })).toThrow(
      expect.objectContaining({ code: 'LETSPING_PENDING' }),
    );
    for (const odd of [{ status: 'EXPIRED' as never }, { outcome: null }]) {
      expect(() => decisionOf({ ...approved, ...odd })).toThrow(
        expect.objectContaining({ code: 'LETSPING_BAD_ANSWER' }),
      );
    }
  });

  test('a rejection lets nothing run, regardless of other members of the answer', () => {
    const rejected = {
      ...approved,
      status: 'REJECTED',
      outcome: { status: 'expired', cause: 'deadline' },
      reason: 'expired',
      patched_payload: { a: 1 },
    } as const;
    const decision = decisionOf(rejected, requested);

    expect(decision).toMatchObject({ status: 'REJECTED', metadata: { reason: 'expired' } });
    expect(decision).not.toHaveProperty('patched_payload');
    expect(approvedPayload(decision)).toBeUndefined();
  });

  test('after a patch, only the patch may run', () => {
    const patched_payload = { amount_cents: 200 };
    const patchSalt = randomBytes(32);
    const payload_digest = payloadDigest(patchSalt, { ...requested, payload: patched_payload });
    const { receipt: _, ...rest } = approved;
    const patched: StatusAnswer = {
      ...rest,
      patched_payload,
      payload_digest,
      digest_salt: saltText(patchSalt),
      outcome: { status: 'approved', cause: 'person', modified: true },
    };

    expect(approvedPayload(decisionOf(patched, requested))).toEqual(patched_payload);
    expect(() => decisionOf({ ...patched, patched_payload: { amount_cents: 201 } }, requested)).toThrow(mismatch);
  });
});
