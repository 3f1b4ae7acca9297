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

/**
 * The same, at most once per request and kind a minute: a loop of forgeries must not fill the table. Without a request it concerns the
 * project.
 */
export async function reportIncident(tx: Transaction, kind: IncidentKind, request_id: string | null): Promise<void> {
  await tx.query(
    `insert into incidents (id, project_id, request_id, kind)
     select $1, $2, r.id, $4 from (select $3::text as id) r
     where (r.id is null or exists (select from approval_requests a where a.project_id = $2 and a.id = r.id))
       and not exists (select from incidents i where i.project_id = $2 and i.kind = $4 and i.request_id is not distinct from r.id
         and i.created_at > now() - interval '1 minute')`,
    [newId('inc'), tx.project_id, request_id, kind],
  );
}

export async function listIncidents(tx: Transaction, request_id: string): Promise<Incident[]> {
  return tx.query<Incident>(
    'select kind, reported_by, created_at from incidents where project_id = $1 and request_id = $2 order by created_at',
    [tx.project_id, request_id],
  );
}
