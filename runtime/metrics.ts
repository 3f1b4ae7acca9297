import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { IncidentKind } from '../domain/approval/incident.ts';
import type { Backlog } from '../domain/approval/ports.ts';
import type { LedgerRecord, RequestRecord } from '../domain/approval/record.ts';
import type { LimitedBy, LimitName } from '../domain/limits/limits.ts';

const SECOND = 1;
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

const KEEP_BACKLOG_MS = 5_000;

const packageVersion = (): string => {
  const path = import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json';
  return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version;
};

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * The process's metrics. Labels are enums and route templates: no ids, no project, nothing that a caller chooses, so the number of
 * series is fixed. `backlog` is called by a scrape, at most every 5 s.
 */
export function createMetrics(service: 'api' | 'worker', backlog?: () => Promise<Backlog>) {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'approvals_build_info',
    help: 'Always 1.',
    labelNames: ['version', 'service', 'node'],
    registers,
  }).set({ version: packageVersion(), service, node: process.versions.node }, 1);
  const requests = new Counter({
    name: 'approvals_requests_total',
    help: 'Approval requests that were opened.',
    labelNames: ['verdict'],
    registers,
  });
  const decisions = new Counter({
    name: 'approvals_decisions_total',
    help: 'Outcomes that this process wrote into the ledger.',
    labelNames: ['outcome', 'channel'],
    registers,
  });
  const decisionSeconds = new Histogram({
    name: 'approvals_decision_seconds',
    help: 'From the opening of a held request to its outcome.',
    labelNames: ['outcome'],
    buckets: [SECOND, 5, 15, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY, 3 * DAY, 7 * DAY],
    registers,
  });
  const deliveries = new Counter({
    name: 'approvals_deliveries_total',
    help: 'Deliveries that ended.',
    labelNames: ['result'],
    registers,
  });
  const incidents = new Counter({
    name: 'approvals_incidents_total',
    help: 'Refused messages and rows, each time that one was met.',
    labelNames: ['kind'],
    registers,
  });
  const repairs = new Counter({
    name: 'approvals_reconcile_repairs_total',
    help: 'Inconsistencies repaired by the reconciler and the watcher.',
    labelNames: ['kind'],
    registers,
  });
  const notices = new Counter({
    name: 'approvals_notices_ignored_total',
    help: 'Notifications of PostgreSQL that had no effect.',
    labelNames: ['reason'],
    registers,
  });
  const limited = new Counter({
    name: 'approvals_limited_total',
    help: 'Calls that a limit refused; a read that was answered at once instead of held counts too.',
    labelNames: ['limit', 'by'],
    registers,
  });
  const http = new Histogram({
    name: 'approvals_http_request_seconds',
    help: 'From the first byte of a request to the last of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
    registers,
  });
  if (backlog) {
    let read: { at: number; value: Promise<Backlog> } | undefined;
    const fresh = () => {
      if (!read || Date.now() - read.at > KEEP_BACKLOG_MS) read = { at: Date.now(), value: backlog() };
      return read.value;
    };
    // If the database is unavailable, its two gauges are missing; the other metrics are served.
    const gauge = (name: string, help: string, pick: (value: Backlog) => number) =>
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          try {
            this.set(pick(await fresh()));
          } catch {
            this.remove();
          }
        },
      });
    gauge('approvals_pending', 'Requests without an outcome, over all projects.', ({ pending }) => pending);
    gauge(
      'approvals_outbox_oldest_seconds',
      'Age of the oldest delivery that was not started; 0 when there is none.',
      (value) => value.outbox_oldest_seconds,
    );
  }
  return {
    registry,
    opened: (verdict: RequestRecord['verdict']) => requests.inc({ verdict }),
    decided: (
      request: Pick<RequestRecord, 'verdict' | 'created_at'>,
      row: Pick<LedgerRecord, 'status' | 'channel' | 'resolved_at'>,
    ) => {
      decisions.inc({ outcome: row.status, channel: row.channel });
      if (request.verdict === 'hold')
        decisionSeconds.observe(
          { outcome: row.status },
          (row.resolved_at.getTime() - request.created_at.getTime()) / 1000,
        );
    },
    delivered: (result: 'delivered' | 'dead') => deliveries.inc({ result }),
    refused: (kind: IncidentKind) => incidents.inc({ kind }),
    limited: (limit: LimitName, by: LimitedBy) => limited.inc({ limit, by }),
    repaired: (kind: string, count = 1) => repairs.inc({ kind }, count),
    noticeIgnored: (reason: 'malformed' | 'unfounded' | 'excess') => notices.inc({ reason }),
    answered: (method: string, route: string, status: number, seconds: number) =>
      http.observe({ method, route, status: String(status) }, seconds),
  };
}

export interface MetricsServer {
  port: number;
  stop(): Promise<void>;
}

export interface MetricsServerOptions {
  host: string;
  port: number;
  registry: Registry;
  /** Whether this process is ready. */
  ready: () => Promise<boolean>;
  /** Metrics of another exporter of the same process, appended to ours. */
  more?: () => Promise<string>;
}

/** `/metrics` in Prometheus' text format, `/livez` and `/readyz`, on an internal port of its own. */
export async function serveMetrics({
  host,
  port,
  registry,
  ready,
  more,
}: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, async (req, res) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8') =>
      res.writeHead(status, { 'Content-Type': type }).end(text);
    try {
      const path = req.url?.split('?')[0];
      if (req.method !== 'GET') answer(405, 'GET only\n');
      else if (path === '/livez') answer(200, 'alive\n');
      else if (path === '/readyz') {
        const isReady = await ready();
        answer(isReady ? 200 : 503, isReady ? 'ready\n' : 'not ready\n');
      } else if (path === '/metrics')
        answer(200, (await registry.metrics()) + (more ? await more().catch(() => '') : ''), registry.contentType);
      else answer(404, 'there is /metrics, /livez and /readyz\n');
    } catch {
      if (!res.headersSent) answer(500, 'failed\n');
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
