import type { Resolution } from '../../contracts/workflow.ts';
import { botActor, isSameOwner } from '../access/same-owner.ts';
import type { CancellationRecord, DecisionRecord, LedgerRecord, RequestRecord } from './record.ts';

/**
 * The outcome of a request, from its rows and the database's clock. The attacker can write to the Temporal namespace, so what a
 * message says is a hint: it names where to look, and nothing of it reaches the ledger except the name that a bot gave, as `bot:<name>`,
 * on a request that accepts unsigned signals.
 */
export type Hint =
  | { kind: 'decision'; decision_id: string }
  | { kind: 'bot'; decision_id: string; type: 'approve' | 'reject'; actor: string; payload_digest: string }
  | { kind: 'deadline' | 'firewall' | 'cancellation' | 'unknown' }
  /** The watcher's own: its workflow was terminated twice for failing. No message is read as one. */
  | { kind: 'quarantine' };

/** Rows whose authenticity was checked, and the database's clock. */
export interface Facts {
  now: Date;
  request: RequestRecord;
  /** The decision that the hint names. */
  decision?: DecisionRecord | undefined;
  /** The patch that waits for a second approver: the one that was screened last. */
  proposal?: DecisionRecord | undefined;
  cancellation?: CancellationRecord | undefined;
}

export type DerivedOutcome = Omit<LedgerRecord, 'request_id' | 'resolved_at' | 'receipt'>;

/** What only the receipt of an outcome says. */
export interface DecidedWith {
  /** The author of a patch that a second person approved. */
  patched_by?: string | undefined;
  /** Of the people who decided with a key that another person made: who made it. */
  keys_made_by?: Readonly<Record<string, string>> | undefined;
}

export type Derived =
  | ({ is: 'outcome'; outcome: DerivedOutcome } & DecidedWith)
  /** The deadline is still ahead: the workflow's clock is fast, or someone lies. */
  | { is: 'early'; remaining_ms: number }
  /** Nothing changes, and it is an incident. */
  | { is: 'refused'; why: string };

/** The known pairs of status and cause. */
export function hintOf({ status, cause, decision_id = '', actor = '', verified, payload_digest }: Resolution): Hint {
  switch (`${status}/${cause}`) {
    case 'approved/person':
    case 'rejected/person':
      if (verified === true) return { kind: 'decision', decision_id };
      return { kind: 'bot', decision_id, type: status === 'approved' ? 'approve' : 'reject', actor, payload_digest };
    case 'approved/firewall':
    case 'rejected/firewall':
      return { kind: 'firewall' };
    case 'expired/deadline':
      return { kind: 'deadline' };
    case 'cancelled/caller':
      return { kind: 'cancellation' };
    default:
      return { kind: 'unknown' };
  }
}

const refused = (why: string): Derived => ({ is: 'refused', why });

const byNobody = (
  { payload_digest }: RequestRecord,
  outcome: Pick<DerivedOutcome, 'status' | 'cause' | 'channel'>,
): Derived => ({
  is: 'outcome',
  outcome: { ...outcome, payload_digest, decision_id: null, actor: null, verified: true },
});

const expired = (request: RequestRecord): Derived =>
  byNobody(request, { status: 'expired', cause: 'deadline', channel: 'deadline' });

export function derive(hint: Hint, facts: Facts): Derived {
  const { request, now, cancellation } = facts;
  switch (hint.kind) {
    case 'firewall':
      if (request.verdict === 'hold') return refused('the stored verdict is a hold');
      return byNobody(request, {
        status: request.verdict === 'allow' ? 'approved' : 'rejected',
        cause: 'firewall',
        channel: 'firewall',
      });
    case 'deadline': {
      const remaining_ms = request.expires_at.getTime() - now.getTime();
      return remaining_ms > 0 ? { is: 'early', remaining_ms } : expired(request);
    }
    case 'cancellation':
      if (!cancellation) return refused('nobody cancelled it through the api');
      if (cancellation.created_at >= request.expires_at) return expired(request);
      return byNobody(request, { status: 'cancelled', cause: cancellation.cause, channel: 'caller' });
    case 'quarantine':
      if (now >= request.expires_at) return expired(request);
      return byNobody(request, { status: 'cancelled', cause: 'forged', channel: 'watcher' });
    case 'bot':
      return byBot(hint, facts);
    case 'decision':
      return byPerson(facts);
    case 'unknown':
      return refused('no such outcome exists');
  }
}

/** An unsigned signal has no row, so its time is unknown: it counts while the deadline is ahead. */
function byBot(hint: Extract<Hint, { kind: 'bot' }>, { request, now }: Facts): Derived {
  const { type, actor, payload_digest, decision_id } = hint;
  if (!request.accept_unsigned_signals) return refused('this request accepts no unsigned signal');
  if (payload_digest !== request.payload_digest) return refused('an unsigned signal must name the requested payload');
  if (actor === '' || isSameOwner(actor, request.requested_by)) return refused('the requester cannot decide');
  if (!decision_id.startsWith('bot/')) return refused('an unsigned decision has no id of the api');
  if (now >= request.expires_at) return expired(request);
  return {
    is: 'outcome',
    outcome: {
      status: type === 'approve' ? 'approved' : 'rejected',
      cause: 'person',
      channel: 'signal',
      payload_digest,
      decision_id,
      actor: botActor(actor),
      verified: false,
    },
  };
}

/** A decision counts by the time of its row, so one made in time and settled late counts, whatever the workflow's clock said. */
function byPerson({ request, now, decision, proposal }: Facts): Derived {
  if (!decision) return refused('no such decision was made through the api');
  const { id, type, actor, channel, payload_digest, patched_digest, screening, created_at, sent_back_at } = decision;
  if (sent_back_at) return refused('the decision was sent back to its author');
  if (isSameOwner(actor, request.requested_by)) return refused('the requester cannot decide');
  const namesRequested = payload_digest === request.payload_digest;
  if (!namesRequested && (type === 'patch' || proposal?.patched_digest !== payload_digest))
    return refused('it names neither the requested payload nor the patch that waits for a second approver');
  if (type === 'patch' && screening !== 'accepted') return refused('the firewall did not accept the patch');
  if (type === 'approve' && !namesRequested && proposal && isSameOwner(actor, proposal.actor))
    return refused('the author of a patch cannot approve it');
  if (created_at >= request.expires_at)
    return now >= request.expires_at ? expired(request) : refused('its row has a time in the future');
  const outcome = (status: 'approved' | 'rejected', digest: string): DerivedOutcome => ({
    status,
    cause: 'person',
    channel,
    payload_digest: digest,
    decision_id: id,
    actor,
    verified: true,
  });
  if (type === 'reject')
    return { is: 'outcome', outcome: outcome('rejected', request.payload_digest), ...madeBy(decision) };
  if (type === 'patch')
    return { is: 'outcome', outcome: outcome('approved', patched_digest ?? ''), ...madeBy(decision) };
  const patch = namesRequested ? undefined : proposal;
  return {
    is: 'outcome',
    outcome: outcome('approved', payload_digest),
    ...(patch && { patched_by: patch.actor }),
    ...madeBy(decision, patch),
  };
}

/** Who made the keys of the people who decided, where another person did. */
function madeBy(...decisions: (DecisionRecord | undefined)[]): Pick<DecidedWith, 'keys_made_by'> {
  const made = decisions.flatMap((one) => (one && one.key_made_by !== null ? [[one.actor, one.key_made_by]] : []));
  return made.length > 0 ? { keys_made_by: Object.fromEntries(made) } : {};
}
