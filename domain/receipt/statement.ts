import { PREDICATE_TYPE, STATEMENT_TYPE, type Statement } from '../../contracts/receipt.ts';
import type { DecidedWith } from '../approval/derive.ts';
import type { LedgerRecord, RequestRecord } from '../approval/record.ts';

type Settlement = Omit<LedgerRecord, 'receipt'>;

const hex = (digest: string) => digest.slice('sha256:'.length);

/**
 * The statement that a receipt signs, from the records in the database. `executed` names the payload that may run; only an
 * approved outcome has it.
 */
export function statementOf(
  request: RequestRecord,
  settlement: Settlement,
  { patched_by, keys_made_by }: DecidedWith = {},
): Statement {
  const { status, cause, payload_digest, decision_id, actor, channel, verified, resolved_at } = settlement;
  const patched = payload_digest !== request.payload_digest;
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: `request:${request.id}`, digest: { sha256: hex(payload_digest) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      project: request.project_id,
      agent: request.requested_by,
      service: request.service,
      action: request.action,
      outcome: status,
      cause,
      requested: { payload_digest: request.payload_digest, at: request.created_at.toISOString() },
      ...(status === 'approved' && { executed: { payload_digest, ...(patched && { patch: payload_digest }) } }),
      decided: {
        at: resolved_at.toISOString(),
        ...(actor !== null && { by: patched_by === undefined ? [actor] : [patched_by, actor] }),
        ...(keys_made_by && { keys_made_by }),
        channel,
        ...(decision_id !== null && { decision_id }),
        ...(cause === 'person' && !verified && { verified: false as const }),
      },
      policy: {
        digest: request.policy_digest,
        version: request.policy_version,
        verdict: request.verdict,
        findings: request.finding_ids,
      },
      expires: request.expires_at.toISOString(),
    },
  };
}
