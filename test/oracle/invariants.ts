/** What the oracle checks, by name. The report prints these names with their meaning; a violation carries one. */
export const INVARIANTS = {
  kept: 'an acknowledged request has a row, and a held one exactly one workflow; one idempotency key is one request',
  'same resolution': 'a request has one resolution, the same in its history, the ledger and every answer',
  'records agree': 'ledger, receipt, list and outbox agree',
  'only approved': 'only the approved payload was executed, and the resolution is that of the recorded decision',
  'never changed': 'a resolution never changes',
  'in time': 'an undecided request is never approved, and a decision in time is never expired',
  'thread continued': 'every thread got its answer, and its effect happened once, only if approved',
  opens: 'sealed values open and match their digests',
  'own project': 'no row and no workflow belongs to another project',
} as const;

export type Invariant = keyof typeof INVARIANTS;
