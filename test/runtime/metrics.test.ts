import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { watchResponses } from '../../api/middleware/http-metrics.ts';
import { createMetrics } from '../../runtime/metrics.ts';

const ROOT = join(import.meta.dirname, '../..');

test('every metric that an alert or the documentation names exists', async () => {
  const { registry } = createMetrics('worker', async () => ({ pending: 3, outbox_oldest_seconds: 1.5 }));
  const text = await registry.metrics();
  const known = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!);
  const named = ['deploy/alerts.yml', 'docs/operations.md'].flatMap((file) => [
    ...readFileSync(join(ROOT, file), 'utf8').matchAll(/\bapprovals_\w+/g),
  ]);
  expect(named.length).toBeGreaterThan(10);
  for (const [name] of named) expect(known).toContain(name.replace(/_(count|sum|bucket)$/, ''));
  for (const name of known) expect(readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')).toContain(name);
  expect(text).toContain('approvals_pending 3');
  for (const { rules } of (
    parse(readFileSync(join(ROOT, 'deploy/alerts.yml'), 'utf8')) as { groups: { rules: object[] }[] }
  ).groups) {
    for (const rule of rules) expect(rule).toMatchObject({ alert: expect.any(String), expr: expect.any(String) });
  }
});

test('while the database is unavailable, the page lacks its gauges and has the rest', async () => {
  const { registry, opened } = createMetrics('api', () => Promise.reject(new Error('unavailable')));
  opened('hold');
  const text = await registry.metrics();
  expect(text).toContain('approvals_requests_total{verdict="hold"} 1');
  expect(text).not.toMatch(/^approvals_pending \d/m);
});

test('labels come from a fixed set, whatever the caller sends', () => {
  const seen: string[][] = [];
  const { watch } = watchResponses((method, route, status) => seen.push([method, route, String(status)]));
  let close = () => {};
  const res = {
    statusCode: 404,
    setHeader: () => {},
    once: (_event: string, listener: () => void) => (close = listener),
  };
  watch({ method: 'BREW', url: '/req_secret', baseUrl: '' } as never, res as never);
  close();
  expect(seen).toEqual([['OTHER', 'none', '404']]);
});
