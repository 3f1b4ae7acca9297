import type { IncomingMessage, ServerResponse } from 'node:http';
import { isForwarded } from '../request-state.ts';

/** What the router leaves on a request that one of its routes has taken. */
interface Routed extends IncomingMessage {
  baseUrl?: string;
  route?: { path?: unknown };
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The route's template, never the path: that holds ids, and the caller chooses it. */
const routeOf = ({ baseUrl = '', route }: Routed): string =>
  typeof route?.path === 'string' ? `${baseUrl}${route.path}` : 'none';

export interface ResponseWatch {
  /** Before the application sees the request. */
  watch(req: IncomingMessage, res: ServerResponse): void;
  /** Ends every answer that is being streamed, cleanly; answers that begin later close their connection. */
  endStreams(): void;
}

/** Outside the application, so that it sees every answer: how long each took, and which go on for as long as the caller likes. */
export function watchResponses(
  answered: (method: string, route: string, status: number, seconds: number) => void,
): ResponseWatch {
  const open = new Set<ServerResponse>();
  let isEnding = false;
  return {
    watch(req, res) {
      const started = process.hrtime.bigint();
      open.add(res);
      if (isEnding) res.setHeader('Connection', 'close');
      res.once('close', () => {
        open.delete(res);
        if (isForwarded(res)) return; // counted where it was answered
        const method = METHODS.includes(req.method ?? '') ? req.method! : 'OTHER';
        answered(method, routeOf(req), res.statusCode, Number(process.hrtime.bigint() - started) / 1e9);
      });
    },
    endStreams() {
      isEnding = true;
      for (const res of open) {
        if (isForwarded(res)) continue; // no stream, but an answer on its way
        if (res.headersSent) {
          if (!res.writableEnded) res.end();
        } else res.setHeader('Connection', 'close');
      }
    },
  };
}
