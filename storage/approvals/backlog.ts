import type { Pool } from 'pg';
import type { Backlog } from '../../domain/approval/ports.ts';
import { acrossProjects } from '../db/transaction.ts';

export const readBacklog = (pool: Pool): Promise<Backlog> =>
  acrossProjects(pool, async (tx) => {
    const [row] = await tx.query<Backlog>(
      `select (select count(*)::int from approval_requests where status = 'pending') as pending,
         (select coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 from deliveries
          where started_at is null and delivered_at is null and dead_at is null) as outbox_oldest_seconds`,
    );
    return row ?? { pending: 0, outbox_oldest_seconds: 0 };
  });
