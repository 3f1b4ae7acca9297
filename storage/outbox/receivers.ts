import { DELIVERY_KINDS, type DeliveryKind } from '../../domain/outbox/kinds.ts';

/** Per kind, the query for the receivers of requests; `requests` is a relation with `project_id` and `request_id`. */
const RECEIVERS: Record<DeliveryKind, (requests: string) => string> = {
  langgraph: (requests) =>
    `select q.project_id, q.request_id, i.interrupt_id as receiver
     from ${requests} q join thread_interrupts i on i.project_id = q.project_id and i.request_id = q.request_id`,
};

/** A statement that inserts the outbox rows that these requests lack, one per receiver, and returns their `project_id` and `id`. */
export const insertDeliveries = (requests: string, kinds: readonly DeliveryKind[] = DELIVERY_KINDS): string =>
  `insert into deliveries (project_id, request_id, kind, receiver)
   ${kinds.map((kind) => `select project_id, request_id, '${kind}', receiver from (${RECEIVERS[kind](requests)}) ${kind}`).join(' union all ')}
   on conflict (request_id, kind, receiver) do nothing returning project_id, id`;
