import type { LedgerRecord } from '../../domain/approval/record.ts';
import { insertDeliveries } from '../outbox/receivers.ts';

type LedgerColumn = Exclude<keyof LedgerRecord, 'request_id'>;

/**
 * The parts of a statement that write an outcome: `outcome`, its ledger row, and `outbox`, one row per receiver. Every outcome is
 * written by these, so none can leave its receivers out. `request` names a part that gives `project_id` and `request_id` of one
 * request, or no row when nothing is to be written; `row` has the SQL expression of each column.
 */
export const insertOutcome = (request: string, row: Record<LedgerColumn, string>): string =>
  `outcome as (
     insert into ledger (project_id, request_id, ${Object.keys(row).join(', ')})
     select project_id, request_id, ${Object.values(row).join(', ')} from ${request} returning project_id, request_id),
   outbox as (${insertDeliveries('outcome')})`;
