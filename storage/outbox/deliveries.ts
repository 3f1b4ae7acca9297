import { newId } from '../../crypto/ids.ts';
import type { Transaction } from '../db/transaction.ts';

export interface Delivery {
  id: string;
  project_id: string;
  request_id: string;
  kind: 'langgraph_resume';
  delivered_at: Date | null;
}

/** An outbox row; undefined when the request has one of this kind. Committed together with what it announces. */
export async function insertDelivery(
  tx: Transaction,
  request_id: string,
  kind: Delivery['kind'],
): Promise<string | undefined> {
  const [row] = await tx.query<{ id: string }>(
    'insert into deliveries (id, project_id, request_id, kind) values ($1, $2, $3, $4) on conflict (request_id, kind) do nothing returning id',
    [newId('dlv'), tx.project_id, request_id, kind],
  );
  return row?.id;
}

export async function readDelivery(tx: Transaction, id: string): Promise<Delivery | undefined> {
  const rows = await tx.query<Delivery>(
    'select id, project_id, request_id, kind, delivered_at from deliveries where project_id = $1 and id = $2',
    [tx.project_id, id],
  );
  return rows[0];
}

export async function markDelivery(
  tx: Transaction,
  id: string,
  state: 'started' | 'delivered' | 'dead',
): Promise<void> {
  await tx.query(`update deliveries set ${state}_at = coalesce(${state}_at, now()) where project_id = $1 and id = $2`, [
    tx.project_id,
    id,
  ]);
}

/** Outbox rows that no workflow has taken. For `acrossProjects`; younger ones are being started right now. */
export async function unstartedDeliveries(
  tx: Transaction,
  limit: number,
): Promise<Pick<Delivery, 'id' | 'project_id'>[]> {
  return tx.query<Pick<Delivery, 'id' | 'project_id'>>(
    `select id, project_id from deliveries where started_at is null and delivered_at is null and dead_at is null and created_at < now() - interval '2 seconds'
     order by created_at limit $1`,
    [limit],
  );
}
