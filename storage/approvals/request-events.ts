import type { RequestEvent } from '../../domain/approval/request-event.ts';
import type { EventHint } from '../db/notices.ts';

/**
 * A notice follows its commit at once, or as long after it as TCP repeats a segment (about 15 minutes). An older event is not reported
 * again: the attacker is a login without rights, which repeats notices that it heard before.
 */
const RECENT = "interval '20 minutes'";
/** An earlier event comes with a later one if it is this young. A listener remembers for longer what it has reported. */
const IMPLIED = "interval '1 minute'";

/** When an event of a request happened; null if it did not. */
const EVENTS = `
  select n.event, n.implied, r.id as request_id, r.project_id, r.requested_by, r.service, happened.occurred_at
  from unnest($1::text[], $2::text[], $3::boolean[]) with ordinality as n (event, request_id, implied, position)
    join approval_requests r on r.id = n.request_id
    cross join lateral (select case n.event
      when 'approval_request.opened' then r.created_at
      when 'approval_request.held' then r.workflow_started_at
      when 'approval_request.patch_proposed' then (select max(screened_at) from decisions d
        where d.request_id = r.id and d.project_id = r.project_id and d.screening = 'second_approver')
      when 'approval_request.resolved' then (select resolved_at from ledger l
        where l.request_id = r.id and l.project_id = r.project_id)
      when 'approval_request.permit_changed' then (select greatest(max(claimed_at), max(ended_at), max(closed_at),
          max(unknown_after) filter (where ended is null and closed_as is null and unknown_after < clock_timestamp()))
        from claims c where c.request_id = r.id and c.project_id = r.project_id)
      when 'approval_request.executed' then (select max(coalesce(closed_at, ended_at)) from claims c
        where c.request_id = r.id and c.project_id = r.project_id and coalesce(closed_as, ended) = 'done')
    end as occurred_at) happened
  where happened.occurred_at > clock_timestamp() - case when n.implied then ${IMPLIED} else ${RECENT} end
  order by n.position`;

/** Of these events, those that happened lately, in the same order. `query` sees every project. */
export async function recentEvents(
  query: <R>(text: string, values: unknown[]) => Promise<R[]>,
  hints: EventHint[],
): Promise<(RequestEvent & Pick<EventHint, 'implied'>)[]> {
  const rows = await query<Omit<RequestEvent, 'occurred_at'> & Pick<EventHint, 'implied'> & { occurred_at: Date }>(
    EVENTS,
    [hints.map(({ event }) => event), hints.map(({ request_id }) => request_id), hints.map(({ implied }) => implied)],
  );
  return rows.map((row) => ({ ...row, occurred_at: row.occurred_at.toISOString() }));
}
