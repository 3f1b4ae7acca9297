import type { ApprovalEvent } from '../../contracts/events.ts';
import { Text } from '../../contracts/text.ts';
import { maySee } from '../../domain/access/permissions.ts';
import { DomainError } from '../../domain/errors.ts';
import type { InUse } from '../limits/in-use.ts';
import type { EventHub } from '../live/event-hub.ts';
import { type Route, route } from '../route.ts';

const HEARTBEAT_MS = 15_000;
const RETRY_AFTER_S = 5;
const LAST_EVENT_HEADER = 'Last-Event-ID';
const LastEventId = Text.meta({ description: 'Resumes after this event, for up to ten minutes' });
const STREAMED = { 'Cache-Control': 'no-cache, no-transform', 'X-Accel-Buffering': 'no', Connection: 'keep-alive' };

/**
 * Server-sent events: names and ids, never payloads. `Last-Event-ID` resumes from the last ten minutes; where that is not
 * possible, an event `reset` says to fetch again. An agent's key receives the events of the requests that it sees.
 */
export const eventRoutes = ({ hub, streams }: { hub: EventHub; streams: InUse }): Route[] => [
  route({
    method: 'get',
    path: '/api/events',
    summary: 'Server-sent events: names and ids',
    access: 'approval:read',
    headers: { [LAST_EVENT_HEADER]: LastEventId },
    answers: { 200: { mediaType: 'text/event-stream', stream: true } },
    handler(call) {
      const { principal, headers } = call;
      const leave = streams.take(principal);
      if (typeof leave !== 'function')
        throw new DomainError(
          'rate_limited',
          `${leave.most} event streams of this ${leave.full} are open at this server already.`,
          { retry_after: RETRY_AFTER_S },
        );
      call.onClose(leave);
      return {
        status: 200,
        headers: STREAMED,
        body(res) {
          res.write(': connected\n\n');
          const heartbeat = setInterval(() => res.write(': heartbeat\n\n'), HEARTBEAT_MS);
          const reset = (data: object) => res.write(`event: reset\ndata: ${JSON.stringify(data)}\n\n`);
          const unsubscribe = hub.subscribe(
            headers[LAST_EVENT_HEADER],
            ({ id, project_id, event, request_id, occurred_at, ...request }) => {
              if (project_id !== principal.project_id || !maySee(principal, request)) return;
              const data: ApprovalEvent = { event, request_id, occurred_at };
              res.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
            },
            () => reset({}),
          );
          call.onAccessEnd((reason) => {
            unsubscribe();
            reset({ reason });
            res.end();
          });
          call.onClose(() => {
            clearInterval(heartbeat);
            unsubscribe();
          });
        },
      };
    },
  }),
];
