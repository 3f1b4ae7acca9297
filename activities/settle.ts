import type { WorkerActivities } from '../contracts/activities.ts';
import type { RequestRef, Settled } from '../contracts/workflow.ts';
import { derive, type Facts, type Hint, hintOf } from '../domain/approval/derive.ts';
import { isForgedRow } from '../domain/approval/forged-row.ts';
import type { IncidentKind } from '../domain/approval/incident.ts';
import type { Ledger, LedgerEntry, StatementSigner } from '../domain/approval/ports.ts';
import { asResolution, type LedgerRecord, type RequestRecord } from '../domain/approval/record.ts';
import { DeadlineAhead, OutcomeRefused } from '../domain/approval/refused-outcome.ts';
import { DomainError } from '../domain/errors.ts';
import { statementOf } from '../domain/receipt/statement.ts';
import { type Caller, isOwnWorkflow } from './caller.ts';
import type { ForgedRowDeps } from './forged-rows.ts';

/** The rows that the hint may concern. */
async function factsOf(entry: LedgerEntry, hint: Hint): Promise<Facts> {
  const { request, now } = entry;
  if (hint.kind === 'cancellation') return { request, now, cancellation: await entry.cancellation() };
  if (hint.kind !== 'decision') return { request, now };
  const decision = await entry.decision(hint.decision_id);
  const namesRequested = decision?.payload_digest === request.payload_digest;
  return { request, now, decision, ...(decision && !namesRequested && { proposal: await entry.proposal() }) };
}

/** A clock that is wrong by this much is worth an alarm, regardless of the cause. */
const SKEW_MS = 5_000;

/**
 * Settles one locked request: derives the outcome from its rows, signs the receipt, writes both.
 * @throws OutcomeRefused if no row supports the hint, DeadlineAhead before the deadline. Nothing is written then.
 */
const settlement =
  (signer: StatementSigner, hint: Hint) =>
  async (entry: LedgerEntry): Promise<Settled> => {
    const derived = derive(hint, await factsOf(entry, hint));
    if (derived.is === 'early') throw new DeadlineAhead(derived.remaining_ms);
    if (derived.is === 'refused')
      throw new OutcomeRefused(hint.kind === 'decision' ? 'forged_decision' : 'forged_outcome', derived.why);
    const row: Omit<LedgerRecord, 'receipt'> = {
      request_id: entry.request.id,
      ...derived.outcome,
      resolved_at: entry.now,
    };
    const receipt = await signer.sign(statementOf(entry.request, row, derived));
    return { resolution: asResolution(row), delivery_ids: await entry.write({ receipt, ...row }) };
  };

/** Called after the commit, with an outcome that this call wrote. */
export type OnSettled = (request: RequestRecord, outcome: Omit<LedgerRecord, 'request_id'>) => void;

export interface SettleByHintDeps {
  ledger: Ledger;
  signer: StatementSigner;
  onSettled?: OnSettled | undefined;
}

export type SettleByHint = (ref: RequestRef, hint: Hint) => Promise<Settled>;

/**
 * Writes an outcome with its receipt unless the ledger has one, and returns the ledger's. Safe to repeat and to run twice at
 * once: the ledger's unique row decides, not the caller.
 * @throws OutcomeRefused, DeadlineAhead, RowForged. Nothing is written then.
 */
export const createSettleByHint =
  ({ ledger, signer, onSettled = () => {} }: SettleByHintDeps): SettleByHint =>
  async (ref, hint) => {
    let written: Parameters<OnSettled> | undefined;
    const settled = await ledger.settleOnce(ref, (entry) =>
      settlement(
        signer,
        hint,
      )({
        ...entry,
        write: async (row) => {
          const result = await entry.write(row);
          written = [entry.request, row];
          return result;
        },
      }),
    );
    if (!settled) throw new DomainError('not_found', `no approval request ${ref.request_id}`);
    if (written) onSettled(...written);
    return settled;
  };

export interface SettleDeps extends ForgedRowDeps {
  settle: SettleByHint;
  /** The workflow that called; absent where there is none. */
  caller?: (() => Caller) | undefined;
}

/**
 * The activity. The attacker can write to the Temporal namespace and run our activities: what they propose is a hint, nothing that
 * they say is believed, and a refusal is an incident.
 */
export const createSettle = ({
  settle,
  incidents,
  caller,
  onIncident = () => {},
}: SettleDeps): WorkerActivities['settle'] => {
  const reported = async (ref: RequestRef, kind: IncidentKind) => {
    onIncident(ref, kind);
    await incidents.report(ref, kind);
  };
  return async (ref, proposed) => {
    try {
      if (caller && !isOwnWorkflow(caller(), ref))
        throw new OutcomeRefused('foreign_start', 'only the workflow of this request settles it');
      return await settle(ref, hintOf(proposed));
    } catch (error) {
      if (error instanceof OutcomeRefused) await reported(ref, error.incident);
      if (isForgedRow(error)) {
        await reported(ref, error.incident);
        throw new OutcomeRefused(error.incident, error.message);
      }
      if (error instanceof DeadlineAhead && error.remaining_ms > SKEW_MS) await reported(ref, 'clock_skew');
      throw error;
    }
  };
};
