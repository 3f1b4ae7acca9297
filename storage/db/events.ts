import { LRUCache } from 'lru-cache';
import pg from 'pg';
import type { DeliveryRef } from '../../contracts/workflow.ts';
import type { RequestEvent } from '../../domain/approval/request-event.ts';
import { revokedAmong } from '../access/api-keys.ts';
import { recentEvents } from '../approvals/request-events.ts';
import { unstartedAmong } from '../outbox/deliveries.ts';
import { type IgnoredNotice, type NoticeGatherer, noticeGatherer } from './notice-gatherer.ts';
import {
  DELIVERIES,
  parseDeliveryNotice,
  parseRequestNotice,
  parseRevokedNotice,
  REQUESTS,
  REVOKED_KEYS,
} from './notices.ts';

export interface Listening {
  stop(): Promise<void>;
}

export interface Listener {
  /** What the rows say, once. */
  onEvent: (event: RequestEvent) => void;
  /** The row of this key has a revocation. */
  onRevoked: (key_id: string) => void;
  /** Events may have been missed: the caller reads the current state. */
  onGap: () => void;
  onIgnored?: ((reason: IgnoredNotice) => void) | undefined;
}

/** A statement over all projects. */
type Query = <R>(text: string, values: unknown[]) => Promise<R[]>;
interface Hooks {
  onGap: () => void;
  onIgnored: (reason: IgnoredNotice) => void;
}
type Channel = (query: Query, hooks: Hooks & { onFailed: () => void }) => NoticeGatherer;

/** An event is reported once, although its notice is repeated. */
const MAX_REPORTED = 50_000;
const ignore = () => {};

/** For an api. */
export function listen(databaseUrl: string, { onEvent, onRevoked, onGap, onIgnored = ignore }: Listener): Listening {
  const reported = new LRUCache<string, true>({ max: MAX_REPORTED });
  return listenTo(
    databaseUrl,
    {
      [REQUESTS]: channel(parseRequestNotice, async (query, notices) => {
        const hints = notices.flat();
        const events = await recentEvents(query, hints);
        const founded = events.filter(({ implied }) => !implied).length;
        for (let absent = hints.filter(({ implied }) => !implied).length - founded; absent > 0; absent--)
          onIgnored('unfounded');
        for (const { implied: _, ...event } of events) {
          const id = `${event.event} ${event.request_id} ${event.occurred_at}`;
          if (reported.has(id)) continue;
          reported.set(id, true);
          onEvent(event);
        }
      }),
      [REVOKED_KEYS]: channel(parseRevokedNotice, async (query, ids) => {
        const revoked = await revokedAmong(query, ids);
        for (let absent = ids.length - revoked.length; absent > 0; absent--) onIgnored('unfounded');
        for (const id of revoked) onRevoked(id);
      }),
    },
    { onGap, onIgnored },
  );
}

export interface DeliveryListener extends Pick<Listener, 'onGap' | 'onIgnored'> {
  /** An outbox row that no workflow has taken. */
  onDelivery: (ref: DeliveryRef) => void;
}

/** For a worker. */
export const listenToDeliveries = (
  databaseUrl: string,
  { onDelivery, onGap, onIgnored = ignore }: DeliveryListener,
): Listening =>
  listenTo(
    databaseUrl,
    {
      [DELIVERIES]: channel(parseDeliveryNotice, async (query, ids) => {
        // Another worker may have started some, so the others are not unfounded.
        for (const ref of await unstartedAmong(query, ids)) onDelivery(ref);
      }),
    },
    { onGap, onIgnored },
  );

const channel =
  <T>(parse: (payload: string) => T | undefined, read: (query: Query, notices: T[]) => Promise<void>): Channel =>
  (query, { onGap, onIgnored, onFailed }) =>
    noticeGatherer({ parse, read: (notices) => read(query, notices), onIgnored, onExcess: onGap, onFailed });

/**
 * Listens on a connection of its own, which also reads the rows, and reconnects when it breaks or a read fails. `onGap` is called
 * after each connection: notices before it may have been missed.
 */
function listenTo(databaseUrl: string, channels: Record<string, Channel>, hooks: Hooks): Listening {
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
      statement_timeout: 5_000,
      query_timeout: 6_000,
    });
    client = mine;
    /** A channel has one statement, which is prepared once per connection. */
    const queryOf =
      (name: string): Query =>
      async <R>(text: string, values: unknown[]) =>
        (await mine.query({ name, text, values })).rows as R[];
    // A connection that does not answer would not end by itself.
    const onFailed = () => void mine.connection.stream.destroy();
    const gatherers = new Map(
      Object.entries(channels).map(([name, gatherer]) => [name, gatherer(queryOf(name), { ...hooks, onFailed })]),
    );
    mine.on('error', ignore);
    mine.on('end', () => {
      for (const gatherer of gatherers.values()) gatherer.stop();
      again();
    });
    mine.on('notification', ({ channel: name, payload }) => gatherers.get(name)?.add(payload ?? ''));
    try {
      await mine.connect();
      const listens = Object.keys(channels).map((name) => `listen ${name}`);
      await mine.query([...listens, "set app.project_id = '*'"].join('; '));
      hooks.onGap();
    } catch {
      mine.end().catch(ignore);
      again();
    }
  };
  void connect();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(ignore);
    },
  };
}
