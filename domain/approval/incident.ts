/** An alarm that is stored with a request and shown in its timeline. The database checks the same set. */
export const INCIDENT_KINDS = ['forged_decision', 'digest_mismatch', 'executed_twice', 'workflow_ended'] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export interface Incident {
  kind: IncidentKind;
  reported_by: string | null;
  created_at: Date;
}

/** What the timeline says of each kind. */
export const INCIDENT_SENTENCES: Record<IncidentKind, string> = {
  forged_decision: 'A decision that was never made through the API reached the workflow; the request was closed.',
  digest_mismatch: 'The agent reported the execution of another payload than the approved one.',
  executed_twice: 'The agent reported a second execution.',
  workflow_ended: 'The workflow ended without recording an outcome; the reconciler closed the request.',
};
