import { type ForgedRow, isForgedRow } from '../domain/approval/forged-row.ts';
import type { IncidentKind } from '../domain/approval/incident.ts';
import type { IncidentRef, IncidentStore, Scanned } from '../domain/approval/ports.ts';

/** Called for each refusal, also when the activity is repeated: an alarm must not be lost. */
export type OnIncident = (ref: IncidentRef, kind: IncidentKind) => void;

export interface ForgedRowDeps {
  incidents: IncidentStore;
  onIncident?: OnIncident | undefined;
}

/** Raises the alarm and stores the incident of a row that was refused. */
export const createReportRow =
  ({ incidents, onIncident = () => {} }: ForgedRowDeps) =>
  async (project_id: string, { request_id, incident }: Pick<ForgedRow, 'request_id' | 'incident'>): Promise<void> => {
    onIncident({ project_id, request_id }, incident);
    await incidents.report({ project_id, request_id }, incident);
  };

/**
 * An activity that reports the forged row that it meets. The error is passed on. The attacker writes to the database: what a row of
 * theirs stops goes on when the row is repaired.
 */
export const reportingForgedRows =
  <Ref extends { project_id: string; request_id?: string }, Args extends unknown[], Answer>(
    deps: ForgedRowDeps,
    activity: (ref: Ref, ...args: Args) => Promise<Answer>,
  ) =>
  async (ref: Ref, ...args: Args): Promise<Answer> => {
    try {
      return await activity(ref, ...args);
    } catch (error) {
      if (isForgedRow(error))
        await createReportRow(deps)(ref.project_id, {
          incident: error.incident,
          request_id: ref.request_id ?? error.request_id,
        });
      throw error;
    }
  };

/** Of one scan's batch: an attacker who inserts thousands of rows must not keep the scan from its end. */
const MAX_REPORTED = 20;

/** Reports the refused rows of a scan, and returns the first error that is not about a forged row: the scan fails with it at its end. */
export async function reportRefused(deps: ForgedRowDeps, refused: Scanned<unknown>['refused']): Promise<unknown> {
  const report = createReportRow(deps);
  let reported = 0;
  let failed: unknown;
  for (const { project_id, error } of refused) {
    if (!isForgedRow(error)) failed ??= error;
    else if (reported++ < MAX_REPORTED) await report(project_id, error);
  }
  return failed;
}
