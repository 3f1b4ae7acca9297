import { ApplicationFailure } from '@temporalio/common';
import { FORGED, type RequestRef, type Resolution, type Settled } from '../contracts/workflow.ts';
import type { Channel, DecisionRow, LedgerRow } from '../domain/approval/record.ts';
import { statementOf } from '../domain/receipt/statement.ts';
import type { Ledger, LedgerEntry, StatementSigner } from './ports.ts';

const forged = (why: string) => ApplicationFailure.nonRetryable(why, FORGED);

const CHANNEL_OF_CAUSE: Partial<Record<Resolution['cause'], Channel>> = {
  firewall: 'firewall',
  deadline: 'deadline',
  forged: 'signal',
};

/** The attacker may write to the namespace, and not to the database: a decision counts only by the row that the api wrote. */
function checked(proposed: Resolution, row: DecisionRow | undefined): DecisionRow {
  if (!row) throw forged('no such decision was made through the api');
  const { status, actor, payload_digest } = proposed;
  const runs = row.type === 'patch' ? row.patched_digest : row.payload_digest;
  const matches = row.actor === actor && runs === payload_digest && (status === 'rejected') === (row.type === 'reject');
  if (!matches) throw forged('the decision differs from the one made through the api');
  return row;
}

async function channelOf(entry: LedgerEntry, proposed: Resolution): Promise<Channel> {
  if (proposed.cause !== 'person') return CHANNEL_OF_CAUSE[proposed.cause] ?? 'caller';
  if (proposed.verified) return checked(proposed, await entry.decision(proposed.decision_id ?? '')).channel;
  if (!entry.request.accept_unsigned_signals) throw forged('this request accepts no unsigned signal');
  if (proposed.payload_digest !== entry.request.payload_digest)
    throw forged('an unsigned signal cannot change the payload');
  return 'signal';
}

/**
 * The work of settling, given the request held fast: checks the proposal, signs, writes. The api runs it inside the transaction
 * that opens a request; the activity in one of its own.
 * @throws ApplicationFailure `forged`, non-retryable, for a person's decision that the api never wrote.
 */
export const createSettlement =
  (signer: StatementSigner) =>
  (proposed: Resolution) =>
  async (entry: LedgerEntry): Promise<Settled> => {
    const row: Omit<LedgerRow, 'receipt'> = {
      request_id: entry.request.id,
      status: proposed.status,
      cause: proposed.cause,
      payload_digest: proposed.payload_digest,
      decision_id: proposed.decision_id ?? null,
      actor: proposed.actor ?? null,
      channel: await channelOf(entry, proposed),
      verified: proposed.cause !== 'person' || proposed.verified === true,
      resolved_at: entry.now,
    };
    const receipt = await signer.sign(statementOf(entry.request, row));
    return { resolution: proposed, delivery_ids: await entry.write({ ...row, receipt }) };
  };

/**
 * Makes an outcome final: writes it with its receipt unless one stands, and returns the one that stands. Safe to repeat, and
 * to run twice at once: the ledger's unique row decides, not the caller.
 */
export const createSettle = ({ ledger, signer }: { ledger: Ledger; signer: StatementSigner }) => {
  const settlement = createSettlement(signer);
  return async (ref: RequestRef, proposed: Resolution): Promise<Settled> => {
    const settled = await ledger.settleOnce(ref, settlement(proposed));
    if (!settled) throw ApplicationFailure.nonRetryable(`no approval request ${ref.request_id}`, 'not_found');
    return settled;
  };
};
