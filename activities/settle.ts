import type { WorkerActivities } from '../contracts/activities.ts';
import type { RequestRef, Resolution, Settled } from '../contracts/workflow.ts';
import { ForgedDecision } from '../domain/approval/forged-decision.ts';
import type { Ledger, LedgerEntry, StatementSigner } from '../domain/approval/ports.ts';
import type { Channel, DecisionRecord, LedgerRecord, RequestRecord } from '../domain/approval/record.ts';
import { DomainError } from '../domain/errors.ts';
import { statementOf } from '../domain/receipt/statement.ts';

const CHANNEL_OF_CAUSE: Partial<Record<Resolution['cause'], Channel>> = {
  firewall: 'firewall',
  deadline: 'deadline',
  forged: 'signal',
};

/** The channel of an outcome, and the author of its patch if a second person approved it. */
interface Origin {
  channel: Channel;
  patched_by?: string;
}

/**
 * The attacker can write to the Temporal namespace and run our activities, but cannot write to the database. So a decision counts
 * only if the api wrote its row, and a patch only if its screening is recorded there. The proposal is compared, never trusted.
 */
async function checked(
  entry: LedgerEntry,
  { decision_id, status, actor, payload_digest }: Resolution,
): Promise<Origin> {
  const row = await entry.decision(decision_id ?? '');
  if (!row) throw new ForgedDecision('no such decision was made through the api');
  const requested = entry.request.payload_digest;
  const proposal = row.payload_digest === requested ? undefined : await proposalOf(entry, row);
  const matches =
    row.actor === actor && digestOf(row, requested) === payload_digest && status === STATUS_OF_TYPE[row.type];
  if (!matches) throw new ForgedDecision('the decision differs from the one made through the api');
  if (row.type === 'patch' && row.screening !== 'accepted')
    throw new ForgedDecision('the firewall did not accept the patch');
  return { channel: row.channel, ...(proposal && status === 'approved' && { patched_by: proposal.actor }) };
}

const STATUS_OF_TYPE = { approve: 'approved', patch: 'approved', reject: 'rejected' } as const;

/** The digest in the outcome of this decision: of the payload that may run, or of the requested one, which may not. */
const digestOf = (row: DecisionRecord, requested: string): string | null =>
  row.type === 'patch' ? row.patched_digest : row.type === 'approve' ? row.payload_digest : requested;

/** A decision about another payload than the requested one needs a patch that waits for a second approver, by another author. */
async function proposalOf(entry: LedgerEntry, row: DecisionRecord): Promise<DecisionRecord> {
  const patch = row.type === 'patch' ? undefined : await entry.patch(row.payload_digest);
  if (patch?.screening !== 'second_approver')
    throw new ForgedDecision('no patch with this digest waits for a second approver');
  if (row.type === 'approve' && row.actor === patch.actor)
    throw new ForgedDecision('the author of a patch cannot approve it');
  return patch;
}

async function originOf(entry: LedgerEntry, proposed: Resolution): Promise<Origin> {
  const { cause, status, verified, payload_digest } = proposed;
  const { verdict, accept_unsigned_signals, payload_digest: requested } = entry.request;
  if (cause === 'person' && verified) return checked(entry, proposed);
  if (payload_digest !== requested) throw new ForgedDecision('only a patch made through the api changes the payload');
  if (cause === 'person') {
    if (!accept_unsigned_signals) throw new ForgedDecision('this request accepts no unsigned signal');
    return { channel: 'signal' };
  }
  if (status === 'approved' && (cause !== 'firewall' || verdict !== 'allow'))
    throw new ForgedDecision('nobody approved this, and the firewall did not allow it');
  return { channel: CHANNEL_OF_CAUSE[cause] ?? 'caller' };
}

/**
 * Settles one locked request: checks the proposal, signs the receipt, writes both.
 * @throws ForgedDecision for an outcome that no row of the database supports.
 */
export const createSettlement =
  (signer: StatementSigner) =>
  (proposed: Resolution) =>
  async (entry: LedgerEntry): Promise<Settled> => {
    const { channel, patched_by } = await originOf(entry, proposed);
    const row: Omit<LedgerRecord, 'receipt'> = {
      request_id: entry.request.id,
      status: proposed.status,
      cause: proposed.cause,
      payload_digest: proposed.payload_digest,
      decision_id: proposed.decision_id ?? null,
      actor: proposed.actor ?? null,
      channel,
      verified: proposed.cause !== 'person' || proposed.verified === true,
      resolved_at: entry.now,
    };
    const receipt = await signer.sign(statementOf(entry.request, row, patched_by));
    return { resolution: proposed, delivery_ids: await entry.write({ receipt, ...row }) };
  };

/** Called after the commit, with an outcome that this call wrote. */
export type OnSettled = (request: RequestRecord, outcome: Omit<LedgerRecord, 'request_id'>) => void;

export interface SettleDeps {
  ledger: Ledger;
  signer: StatementSigner;
  onSettled?: OnSettled | undefined;
  /** Called for each request that ended as forged, also when the activity is repeated: an alarm must not be lost. */
  onForged?: ((ref: RequestRef) => void) | undefined;
}

/**
 * Writes an outcome with its receipt unless the ledger has one, and returns the ledger's. Safe to repeat and to run twice at
 * once: the ledger's unique row decides, not the caller.
 */
export const createSettle = ({
  ledger,
  signer,
  onSettled = () => {},
  onForged = () => {},
}: SettleDeps): WorkerActivities['settle'] => {
  const settlement = createSettlement(signer);
  return async (ref, proposed) => {
    let written: Parameters<OnSettled> | undefined;
    const settled = await ledger.settleOnce(ref, (entry) =>
      settlement(proposed)({
        ...entry,
        write: async (row) => {
          const delivery_ids = await entry.write(row);
          written = [entry.request, row];
          return delivery_ids;
        },
      }),
    );
    if (!settled) throw new DomainError('not_found', `no approval request ${ref.request_id}`);
    if (written) onSettled(...written);
    if (settled.resolution.cause === 'forged') onForged(ref);
    return settled;
  };
};
