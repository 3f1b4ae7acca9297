/**
 * An alarm that is stored in the project, with its request if it concerns one, and shown in the request's timeline. The database
 * checks the same set.
 */
export const INCIDENT_KINDS = [
  'forged_decision',
  'forged_outcome',
  'foreign_start',
  'clock_skew',
  'workflow_ended',
  'deadline_enforced',
  'quarantined',
  'forged_row',
  'forged_receipt',
  'rolled_back',
  'digest_mismatch',
  'executed_twice',
  'permit_unknown',
  'claim_overtaken',
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export interface Incident {
  kind: IncidentKind;
  reported_by: string | null;
  created_at: Date;
}

/** What the timeline says of each kind. */
export const INCIDENT_SENTENCES: Record<IncidentKind, string> = {
  forged_decision: 'A decision without an authentic row reached the workflow; nothing changed.',
  forged_outcome:
    'An outcome that no row supports reached the workflow; nothing changed. A cancellation in Temporal itself is one.',
  foreign_start: 'A workflow that differs from this request tried to settle it; nothing changed.',
  clock_skew: "The workflow's deadline fired more than 5 s before the database's clock reached it.",
  workflow_ended: 'The workflow ended without recording an outcome; it was started again.',
  deadline_enforced: 'Temporal did not end this request in time; the watcher settled it after the deadline.',
  quarantined:
    'The workflow failed five times in a row while others worked; it was terminated, and started again once.',
  forged_row: 'A stored row failed its authenticity check and was refused.',
  forged_receipt: 'The stored outcome has no valid receipt and was refused.',
  rolled_back: 'An older state of the database came back; it was refused.',
  digest_mismatch: 'The agent reported the execution of another payload than the approved one.',
  executed_twice: 'The agent reported a second execution.',
  permit_unknown:
    'The claimed action has no known result: it failed, or its claimant is silent. It may have run; a person closes it.',
  claim_overtaken:
    'A claimant reported its result after its claim was closed or taken over: the action may have run twice.',
};
