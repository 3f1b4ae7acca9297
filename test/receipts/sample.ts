import { randomBytes } from 'node:crypto';
import { PREDICATE_TYPE, STATEMENT_TYPE, type Statement } from '../../contracts/receipt.ts';
import { createSigner, type IssuerKey, newIssuerKey } from '../../crypto/signing.ts';
import { payloadDigest } from '../../domain/digest.ts';

/** An approved refund, its receipt, and the key that signed it. */
export interface SampleReceipt {
  key: IssuerKey;
  salt: Buffer;
  requested: { service: string; action: string; payload: Record<string, unknown> };
  statement: Statement;
  receipt: string;
}

export async function sampleReceipt(): Promise<SampleReceipt> {
  const salt = randomBytes(32);
  const requested = { service: 'billing-agent', action: 'refund', payload: { amount_cents: 500 } };
  const digest = payloadDigest(salt, requested);
  const statement: Statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name: 'request:req_1', digest: { sha256: digest.slice('sha256:'.length) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      project: 'prj_1',
      agent: 'dev-agent',
      service: requested.service,
      action: requested.action,
      outcome: 'approved',
      cause: 'person',
      requested: { payload_digest: digest, at: '2026-01-01T10:00:00.000Z' },
      executed: { payload_digest: digest },
      decided: { at: '2026-01-01T10:05:00.000Z', by: ['ana'], channel: 'console', decision_id: 'dec_1' },
      policy: { digest: 'sha256:p', version: 1, verdict: 'hold', findings: ['sql/destructive'] },
      expires: '2026-01-02T10:00:00.000Z',
    },
  };
  const key = await newIssuerKey();
  return { key, salt, requested, statement, receipt: await (await createSigner(key)).sign(statement) };
}
