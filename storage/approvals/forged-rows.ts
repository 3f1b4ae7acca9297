import type { Pool } from 'pg';
import { RolledBack, RowForged } from '../../crypto/row-mac.ts';
import type { IncidentKind } from '../../domain/approval/incident.ts';
import { onceInProject } from '../db/transaction.ts';
import { reportIncident } from './incidents.ts';

export const incidentOf = (error: RowForged): IncidentKind =>
  error instanceof RolledBack ? 'rolled_back' : error.kind === 'ledger' ? 'forged_receipt' : 'forged_row';

/**
 * Runs `work`. If a row fails its authenticity check, an incident is stored in a transaction of its own, because that of `work` is
 * rolled back. The error is passed on, also if the incident cannot be stored.
 * @throws RowForged
 */
export async function reportingForged<T>(pool: Pool, project_id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RowForged)
      await onceInProject(pool, project_id, (tx) => reportIncident(tx, incidentOf(error), error.request_id)).catch(
        () => {},
      );
    throw error;
  }
}
