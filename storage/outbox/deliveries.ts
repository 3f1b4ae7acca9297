import type { DeliveryRef } from '../../contracts/workflow.ts';
import type { DeliveryKind } from '../../domain/outbox/kinds.ts';
import type { Delivery } from '../../domain/outbox/ports.ts';
import { deliveryNotification } from '../db/notices.ts';
import type { Transaction } from '../db/transaction.ts';
import { insertDeliveries } from './receivers.ts';

/** Outbox rows for receivers that were registered after the request was closed; the workers are notified of them. */
export async function addDeliveries(tx: Transaction, request_id: string, kind: DeliveryKind): Promise<void> {
  await tx.query(
    `with closed as (select $1::text as project_id, $2::text as request_id), outbox as (${insertDeliveries('closed', [kind])})
     select ${deliveryNotification('id')} from outbox`,
    [tx.project_id, request_id],
  );
}

export async function readUndelivered(tx: Transaction, id: string): Promise<Delivery | undefined> {
  const rows = await tx.query<Delivery>(
    `select project_id, id as delivery_id, request_id, kind, receiver from deliveries
     where project_id = $1 and id = $2 and delivered_at is null`,
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

/** Ids of a request's outbox rows that no workflow has taken. */
export async function unstartedDeliveriesOf(tx: Transaction, request_id: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    'select id from deliveries where project_id = $1 and request_id = $2 and started_at is null',
    [tx.project_id, request_id],
  );
  return rows.map(({ id }) => id);
}

const UNSTARTED = 'started_at is null and delivered_at is null and dead_at is null';

/** Of these ids, the outbox rows that no workflow has taken. `query` sees every project. */
export const unstartedAmong = (
  query: <R>(text: string, values: unknown[]) => Promise<R[]>,
  ids: string[],
): Promise<DeliveryRef[]> =>
  query(`select project_id, id as delivery_id from deliveries where id = any($1) and ${UNSTARTED}`, [ids]);

/** Outbox rows that no workflow has taken, oldest first. For `acrossProjects`. */
export async function unstartedDeliveries(tx: Transaction, limit: number, olderThanMs: number): Promise<DeliveryRef[]> {
  return tx.query<DeliveryRef & Record<string, unknown>>(
    `select project_id, id as delivery_id from deliveries
     where ${UNSTARTED} and created_at <= now() - $2 * interval '1 millisecond'
     order by created_at limit $1`,
    [limit, olderThanMs],
  );
}
