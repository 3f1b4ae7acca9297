import type { IncomingMessage, ServerResponse } from 'node:http';
import { declaredRoute, isForwarded } from '../request-state.ts';

/** Set by the router when a page's route matched. */
interface Routed extends IncomingMessage {
  baseUrl?: string;
  route?: { path?: unknown };
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The route's template, never the path: the caller chooses the path, and it contains ids. */
const routeOf = ({ baseUrl = '', route }: Routed, res: ServerResponse): string =>
  declaredRoute(res) ?? (typeof route?.path === 'string' ? `${baseUrl}${route.path}` : 'none');

export interface ResponseWatch {
  /** Call it before the application gets the request. */
  watch(req: IncomingMessage, res: ServerResponse): void;
  /** Ends every streaming answer cleanly. Answers that begin later close their connection. */
  endStreams(): void;
}

/** Measures every answer, those of the application's own errors included, and keeps the streams that shutdown has to end. */
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
        if (isForwarded(res)) return; // the thread that answers counts it
        const method = METHODS.includes(req.method ?? '') ? req.method! : 'OTHER';
        answered(method, routeOf(req, res), res.statusCode, Number(process.hrtime.bigint() - started) / 1e9);
      });
    },
    endStreams() {
      isEnding = true;
      for (const res of open) {
        if (isForwarded(res)) continue; // another thread answers, and this one passes it on
        if (res.headersSent) {
          if (!res.writableEnded) res.end();
        } else res.setHeader('Connection', 'close');
      }
    },
  };
}
