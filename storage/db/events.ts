import pg from 'pg';
import type { EventName } from '../../contracts/events.ts';
import type { DeliveryRef } from '../../contracts/workflow.ts';
import type { RequestEvent } from '../../domain/approval/request-event.ts';
import type { Transaction } from './transaction.ts';

const CHANNEL = 'letsping';
const DELIVERIES = 'letsping_deliveries';
const REVOKED = 'letsping_revoked';

/** SQL expression that sends an event to every listening process. All arguments but the event's name are SQL expressions. */
export const notification = (event: EventName, request_id: string, project_id: string, key_id: string): string =>
  `pg_notify('${CHANNEL}', json_build_object('event', '${event}', 'request_id', ${request_id}, 'project_id', ${project_id}, 'key_id', ${key_id},
     'occurred_at', to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text)`;

/** Sends an event to every listening process if this transaction commits. Ids and names only. */
export async function notify(
  tx: Transaction,
  event: EventName,
  request: { id: string; key_id: string },
): Promise<void> {
  await tx.query(`select ${notification(event, '$1::text', '$2::text', '$3::text')}`, [
    request.id,
    tx.project_id,
    request.key_id,
  ]);
}

/** Sends events of earlier commits to every listening process. */
export async function notifyAll(pool: pg.Pool, events: RequestEvent[]): Promise<void> {
  await pool.query(`select pg_notify('${CHANNEL}', event) from unnest($1::text[]) as event`, [
    events.map((event) => JSON.stringify(event)),
  ]);
}

/** SQL expression that notifies the workers of an outbox row, so that they start its delivery. The arguments are SQL expressions. */
export const deliveryNotification = (project_id: string, delivery_id: string): string =>
  `pg_notify('${DELIVERIES}', json_build_object('project_id', ${project_id}, 'delivery_id', ${delivery_id})::text)`;

/** Notifies every api that a key was revoked. */
export async function notifyRevoked(tx: Transaction, key_id: string): Promise<void> {
  await tx.query(`select pg_notify('${REVOKED}', $1)`, [key_id]);
}

export interface Listening {
  stop(): Promise<void>;
}

export interface Listener {
  onEvent: (event: RequestEvent) => void;
  onRevoked: (key_id: string) => void;
  onGap: () => void;
}

/** For an api. */
export const listen = (databaseUrl: string, { onEvent, onRevoked, onGap }: Listener): Listening =>
  listenTo(
    databaseUrl,
    { [CHANNEL]: (payload) => onEvent(JSON.parse(payload) as RequestEvent), [REVOKED]: onRevoked },
    onGap,
  );

/** For a worker. The reconciler starts deliveries that were missed while the connection was down. */
export const listenToDeliveries = (databaseUrl: string, onDelivery: (ref: DeliveryRef) => void): Listening =>
  listenTo(databaseUrl, { [DELIVERIES]: (payload) => onDelivery(JSON.parse(payload) as DeliveryRef) }, () => {});

/**
 * Listens on a connection of its own, and reconnects when it breaks. `onGap` is called after each connection: notifications
 * before it may have been missed, so the caller reads the current state.
 */
function listenTo(
  databaseUrl: string,
  channels: Record<string, (payload: string) => void>,
  onGap: () => void,
): Listening {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const again = () => {
    if (stopped || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, 500);
  };
  const connect = async () => {
    const mine = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'letsping events',
      keepAlive: true,
      connectionTimeoutMillis: 3_000,
    });
    client = mine;
    mine.on('error', () => {});
    mine.on('end', again);
    mine.on('notification', ({ channel, payload }) => channels[channel]?.(payload ?? '{}'));
    try {
      await mine.connect();
      await mine.query(
        Object.keys(channels)
          .map((channel) => `listen ${channel}`)
          .join('; '),
      );
      onGap();
    } catch {
      mine.end().catch(() => {});
      again();
    }
  };
  void connect();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
