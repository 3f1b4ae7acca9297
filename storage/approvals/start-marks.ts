import type { Pool } from 'pg';
import type { RequestRef } from '../../contracts/workflow.ts';
import type { EventBatcher } from '../db/event-batcher.ts';
import { onceAcrossProjects } from '../db/transaction.ts';

/** Window in which marks are gathered. The workflow of a request runs already; only the event `approval_request.held` waits. */
const WINDOW_MS = 20;

/** Locked in the order of their ids, so that two processes which mark the same requests do not wait for each other. */
const STARTED = `update approval_requests r set workflow_started_at = now()
  from (select r.id from approval_requests r join unnest($1::text[], $2::text[]) as m (project_id, id) on r.project_id = m.project_id and r.id = m.id
        where r.workflow_started_at is null order by r.id for no key update of r) as unmarked
  where r.id = unmarked.id returning r.id`;

/** Temporal has these workflows: the reconciler leaves the requests alone, and listeners get `approval_request.held`. */
export async function markStarted(pool: Pool, events: EventBatcher, refs: RequestRef[]): Promise<void> {
  const marked = await onceAcrossProjects(pool, (tx) =>
    tx.query<{ id: string }>(STARTED, [
      refs.map(({ project_id }) => project_id),
      refs.map(({ request_id }) => request_id),
    ]),
  );
  for (const { id } of marked) events.add('approval_request.held', id);
}

/** Marks requests by one statement for all that start within the window. Resolves with the commit. */
export function startMarks(pool: Pool, events: EventBatcher): (ref: RequestRef) => Promise<void> {
  let waiting: RequestRef[] = [];
  let marked: Promise<void> | undefined;
  const gathered = async () => {
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    const refs = waiting;
    waiting = [];
    marked = undefined;
    await markStarted(pool, events, refs);
  };
  return (ref) => {
    waiting.push(ref);
    marked ??= gathered();
    return marked;
  };
}
