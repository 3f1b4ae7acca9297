import type { Pool } from 'pg';
import type { UsageStore, Use } from '../../domain/limits/ports.ts';
import { alone } from '../db/transaction.ts';

/** In the order of the ids, so that two processes do not wait for each other in a circle. */
const ADD = `insert into limit_usage as known (id, used)
  select id, used from unnest($1::bytea[], $2::bigint[]) as told (id, used) order by id
  on conflict (id) do update set used = known.used + excluded.used, used_at = excluded.used_at
  returning id, used`;

const FORGET = `delete from limit_usage where used_at < now() - interval '1 hour'`;
const FORGET_EVERY_MS = 10 * 60_000;

export function usageStore(pool: Pool): UsageStore {
  let forgotten = Date.now();
  return {
    async add(uses) {
      if (Date.now() - forgotten > FORGET_EVERY_MS) {
        forgotten = Date.now();
        await alone(pool, FORGET, []);
      }
      const { rows } = await alone<{ id: Buffer; used: string }>(pool, ADD, [
        uses.map(({ id }) => id),
        uses.map(({ used }) => used),
      ]);
      return rows.map(({ id, used }): Use => ({ id, used: Number(used) }));
    },
  };
}
