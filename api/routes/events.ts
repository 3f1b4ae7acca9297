import { Router } from 'express';
import type { ApprovalEvent } from '../../contracts/events.ts';
import type { EventHub } from '../live/event-hub.ts';
import { principalOf, requirePermission } from '../middleware/authenticate.ts';

const HEARTBEAT_MS = 15_000;

/**
 * Server-sent events: names and ids, never payloads. `Last-Event-ID` resumes from the last ten minutes; where that is not
 * possible an event `reset` says to fetch again. An agent's key hears of what it opened.
 */
export function eventRoutes({ hub }: { hub: EventHub }): Router {
  const router = Router();
  router.get('/events', requirePermission('approval:read'), (req, res) => {
    const principal = principalOf(res);
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
      Connection: 'keep-alive',
    });
    res.write(': connected\n\n');
    const heartbeat = setInterval(() => res.write(': heartbeat\n\n'), HEARTBEAT_MS);
    const leave = hub.subscribe(
      req.get('last-event-id'),
      ({ id, project_id, key_id, event, request_id, occurred_at }) => {
        if (project_id !== principal.project_id || (principal.role === 'agent' && key_id !== principal.key_id)) return;
        const data: ApprovalEvent = { event, request_id, occurred_at };
        res.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      },
      () => res.write('event: reset\ndata: {}\n\n'),
    );
    res.on('close', () => {
      clearInterval(heartbeat);
      leave();
    });
  });
  return router;
}
