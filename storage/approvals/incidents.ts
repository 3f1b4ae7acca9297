import { newId } from '../../crypto/ids.ts';
import type { Incident, IncidentKind } from '../../domain/approval/incident.ts';
import type { Transaction } from '../db/transaction.ts';

/** Stored with the request and shown in its timeline. The caller also logs the alarm. */
export async function insertIncident(
  tx: Transaction,
  request_id: string,
  kind: IncidentKind,
  reported_by: string | null,
): Promise<void> {
  await tx.query('insert into incidents (id, project_id, request_id, kind, reported_by) values ($1, $2, $3, $4, $5)', [
    newId('inc'),
    tx.project_id,
    request_id,
    kind,
    reported_by,
  ]);
}

export async function listIncidents(tx: Transaction, request_id: string): Promise<Incident[]> {
  return tx.query<Incident>(
    'select kind, reported_by, created_at from incidents where project_id = $1 and request_id = $2 order by created_at',
    [tx.project_id, request_id],
  );
}
