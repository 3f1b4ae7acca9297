import type { Pool } from 'pg';
import { type ForgedRow, isForgedRow, type ReportForged } from '../../domain/approval/forged-row.ts';
import { onceInProject } from '../db/transaction.ts';
import { reportIncident } from './incidents.ts';

/** Called for each refused row, also when its incident is already stored: an alarm must not be lost. */
export type OnForged = (project_id: string, row: ForgedRow) => void;

/**
 * Reports refused rows: an alarm, and an incident in a transaction of its own, because the refusal rolls its own back. An incident that
 * cannot be stored does not change the refusal.
 */
export const createReportForged =
  (pool: Pool, onForged: OnForged = () => {}): ReportForged =>
  async (project_id, row) => {
    onForged(project_id, row);
    await onceInProject(pool, project_id, (tx) => reportIncident(tx, row.incident, row.request_id)).catch(() => {});
  };

/**
 * Runs `work`, and reports a row that fails its authenticity check. The error is passed on.
 * @throws RowForged
 */
export async function reportingForged<T>(pool: Pool, project_id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isForgedRow(error)) await createReportForged(pool)(project_id, error);
    throw error;
  }
}
