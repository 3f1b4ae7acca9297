import { get } from 'node:http';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePorts, type Program, startProgram } from '../helpers/program.ts';
import { started } from '../helpers/started.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** A marker in everything that an agent or a person can write. */
const CANARY = 'c4nary-9d1c-';
let planted = 0;
const canary = () => `${CANARY}${planted++}`;

let system: TestSystem;
const programs: Program[] = [];
beforeAll(async () => {
  system = await createSystem({ policy: { accept_unsigned_signals: true } });
});
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill('SIGKILL');
    await program.exit;
  }
});
afterAll(() => system.stop());

const start = async (command: 'api' | 'worker', extra: NodeJS.ProcessEnv = {}) => {
  const program = startProgram([command], { ...system.env, LOG_LEVEL: 'info', ...extra });
  programs.push(program);
  await program.says(`${command} ready`);
  return program;
};
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const bearer = (key: string) => ({ authorization: `Bearer ${key}`, 'content-type': 'application/json' });
const post = async (url: string, key: string, body: unknown) => {
  const response = await fetch(url, { method: 'POST', headers: bearer(key), body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as any };
};
const ingest = (base: string, extra: object = {}) =>
  post(`${base}/api/ingest`, system.agent_api_key, {
    service: 'billing',
    action: 'refund',
    payload: { amount: 1 },
    ...extra,
  });
const metricsOf = async (port: number) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
const value = (text: string, series: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1],
  );

test('SIGTERM: not ready at once, listening while it drains, held reads and streams end cleanly, exit 0', async () => {
  const port = await freePorts();
  const base = `http://127.0.0.1:${port}`;
  const api = await start('api', { LETSPING_PORT: String(port), LETSPING_DRAIN_MS: '1500' });
  const { body } = await ingest(base);
  const status = () => fetch(`${base}/api/status/${body.id}`, { headers: bearer(system.agent_api_key) });
  await status();
  const held = status(); // the second read of a pending request is held for 20 s
  const stream = new Promise<string>((resolve, reject) => {
    get(`${base}/api/events`, { headers: bearer(system.approver_api_key) }, (res) => {
      let text = '';
      res.on('data', (chunk: Buffer) => (text += chunk.toString()));
      res.on('end', () => resolve(text));
      res.on('error', reject);
    }).on('error', reject);
  });
  await wait(300);

  const signalled = Date.now();
  api.kill('SIGTERM');
  await api.says('api stops');
  expect((await fetch(`${base}/readyz`)).status).toBe(503);
  expect((await fetch(`${base}/livez`)).status).toBe(200);
  expect((await ingest(base)).status).toBe(201); // requests that arrive while the load balancer moves away are served
  expect(await (await held).json()).toMatchObject({ status: 'PENDING' });
  expect(await stream).toContain(': connected');
  expect(await api.exit).toEqual({ code: 0, signal: null });
  const took = Date.now() - signalled;
  expect(took).toBeGreaterThan(1_400);
  expect(took).toBeLessThan(10_000);
  await expect(fetch(`${base}/livez`)).rejects.toThrow();
});

test('a second signal ends the api at once; the worker drains at the first', async () => {
  const api = await start('api', { LETSPING_PORT: String(await freePorts()), LETSPING_DRAIN_MS: '15000' });
  const worker = await start('worker');
  api.kill('SIGTERM');
  await api.says('api stops');
  const again = Date.now();
  api.kill('SIGINT');
  expect((await api.exit).code).toBe(1);
  expect(Date.now() - again).toBeLessThan(2_000);
  worker.kill('SIGTERM');
  expect(await worker.exit).toEqual({ code: 0, signal: null });
  expect(worker.output()).toContain('"worker stopped"');
});

test("metrics: the api's on its second port, the worker's together with the SDK's; no id, project or path in a label", async () => {
  const [apiMetrics, workerMetrics] = [await freePorts(), await freePorts(2)];
  const port = await freePorts();
  const base = `http://127.0.0.1:${port}`;
  await start('api', { LETSPING_PORT: String(port), LETSPING_METRICS_PORT: String(apiMetrics) });
  await start('worker', { LETSPING_METRICS_PORT: String(workerMetrics) });
  const [{ body }, { body: other }] = [await ingest(base), await ingest(base)];
  expect(
    (
      await post(`${base}/api/approval-requests/${body.id}/decisions`, system.approver_api_key, {
        type: 'approve',
        payload_digest: body.payload_digest,
      })
    ).status,
  ).toBe(201);
  await fetch(`${base}/api/status/${other.id}`, { headers: bearer(system.agent_api_key) });
  await fetch(`${base}/${CANARY}`);

  const api = await metricsOf(apiMetrics);
  expect(value(api, 'approvals_requests_total{verdict="hold"}')).toBe(2);
  expect(value(api, 'approvals_pending')).toBeGreaterThanOrEqual(1);
  expect(value(api, 'approvals_outbox_oldest_seconds')).toBe(0);
  expect(value(api, 'approvals_http_request_seconds_count{method="POST",route="/api/ingest",status="201"}')).toBe(2);
  expect(value(api, 'approvals_http_request_seconds_count{method="GET",route="/api/status/:id",status="200"}')).toBe(1);
  expect(api).toMatch(/approvals_build_info\{version="\d+\.\d+\.\d+",service="api",node="[\d.]+"\} 1/);

  const worker = await metricsOf(workerMetrics);
  expect(value(worker, 'approvals_decisions_total{outcome="approved",channel="api"}')).toBe(1);
  expect(value(worker, 'approvals_decision_seconds_count{outcome="approved"}')).toBe(1);
  expect(worker).toContain('temporal_workflow_task_execution_latency');
  for (const text of [api, worker]) {
    for (const forbidden of [CANARY, body.id, system.project_id, 'key_', 'dev-approver'])
      expect(text).not.toContain(forbidden);
  }
  expect((await fetch(`http://127.0.0.1:${workerMetrics}/readyz`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${apiMetrics}/readyz`)).status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${apiMetrics}/api/ingest`)).status).toBe(404);
});

test('at debug level neither api nor worker writes a payload, a reason, a key or a secret into its log', async () => {
  const port = await freePorts();
  const base = `http://127.0.0.1:${port}`;
  const debug = { LOG_LEVEL: 'debug', LETSPING_PORT: String(port) };
  const api = await start('api', debug);
  const worker = await start('worker', debug);
  const open = () =>
    ingest(base, {
      payload: { text: canary(), [canary()]: 1 },
      context: { thread_id: canary(), node: canary() },
      metadata: { note: canary() },
      schema: { type: 'object', title: canary() },
    });
  const decide = (id: string, body: object) =>
    post(`${base}/api/approval-requests/${id}/decisions`, system.approver_api_key, body);
  const [patched, rejected, signalled] = [(await open()).body, (await open()).body, (await open()).body];
  expect(
    (
      await decide(patched.id, {
        type: 'patch',
        patched_payload: { text: canary() },
        payload_digest: patched.payload_digest,
      })
    ).status,
  ).toBe(201);
  expect(
    (await decide(rejected.id, { type: 'reject', reason: canary(), payload_digest: rejected.payload_digest })).status,
  ).toBe(201);
  await started(system.temporal, signalled.id);
  const bot = system.temporal.workflow.getHandle(`approval/${signalled.id}`);
  await bot.signal('decide', { type: 'approve', actor: canary(), payload_digest: `${canary()}` });
  await bot.signal('decide_recorded', {
    decision_id: canary(),
    type: 'approve',
    actor: 'mallory',
    payload_digest: signalled.payload_digest,
  });
  await expect.poll(() => worker.output()).toContain('alarm: an outcome was refused');
  // Refused requests, and failures.
  await fetch(`${base}/api/ingest`, {
    method: 'POST',
    headers: { ...bearer(system.agent_api_key), cookie: `session=${canary()}` },
    body: `{"${canary()}": nonsense`,
  });
  await fetch(`${base}/api/${canary()}?q=${canary()}`, { headers: { authorization: `Bearer lp_test_${canary()}` } });
  await post(`${base}/api/approval-requests/${patched.id}/executed`, system.agent_api_key, {
    payload_digest: `sha256:${'0'.repeat(64)}`,
  });
  const owner = new pg.Client({ connectionString: system.database.owner_url });
  await owner.connect();
  await owner.query('revoke insert on decisions from letsping_app');
  expect(
    (
      await decide((await open()).body.id, {
        type: 'reject',
        reason: canary(),
        payload_digest: signalled.payload_digest,
      })
    ).status,
  ).toBe(412);
  const broken = (await open()).body;
  expect(
    (await decide(broken.id, { type: 'reject', reason: canary(), payload_digest: broken.payload_digest })).status,
  ).toBe(500);
  await owner.query('grant insert on decisions to letsping_app');
  await owner.end();
  worker.kill('SIGTERM');
  await worker.exit;
  api.kill('SIGTERM');
  await api.exit;

  expect(api.output()).toContain('request failed');
  for (const [name, text] of [
    ['api', api.output()],
    ['worker', worker.output()],
  ] as const) {
    for (const line of text.trim().split('\n'))
      expect(() => JSON.parse(line), `${name} writes JSON lines: ${line}`).not.toThrow();
    const at = text.indexOf(CANARY);
    expect(at === -1 ? '' : text.slice(Math.max(0, at - 100), at + 100), name).toBe('');
    const database = new URL(system.env['DATABASE_URL']!);
    for (const secret of [
      system.agent_api_key,
      system.approver_api_key,
      system.env['LETSPING_ROOT_KEY']!,
      database.password,
      patched.digest_salt,
    ])
      expect(text, name).not.toContain(secret);
  }
});
