import type { FirewallOutcome, StatementSigner } from '../../domain/approval/ports.ts';
import type { NewRequest } from '../../domain/approval/record.ts';
import { statementOf } from '../../domain/receipt/statement.ts';

/** The outcome of a request that the firewall allows or blocks, with its receipt: opened and resolved at the same time. */
export async function firewallOutcome(
  signer: StatementSigner,
  project_id: string,
  request: NewRequest,
  now: Date,
): Promise<FirewallOutcome> {
  const status = request.verdict === 'allow' ? 'approved' : 'rejected';
  // Added members come first: V8 clones an object of two dozen members fast, and adds members to the clone slowly.
  const closed: FirewallOutcome['request'] = {
    project_id,
    created_at: now,
    expires_at: new Date(now.getTime() + request.expires_in_ms),
    status,
    resolved_at: now,
    ...request,
  };
  const ledger = {
    request_id: request.id,
    status,
    cause: 'firewall',
    payload_digest: request.payload_digest,
    decision_id: null,
    actor: null,
    channel: 'firewall',
    verified: true,
    resolved_at: now,
  } as const;
  return { request: closed, ledger: { receipt: await signer.sign(statementOf(closed, ledger)), ...ledger } };
}
