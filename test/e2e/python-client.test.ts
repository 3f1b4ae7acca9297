import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApprovalRequestPage } from '../../contracts/approval-request.ts';
import type { Decision } from '../../contracts/decision.ts';
import { type LocalSystem, localSystem } from '../helpers/local-system.ts';
import { publishedPython } from './published-python.ts';

/**
 * The published Python client, unmodified, against a running system. It is skipped where Python or the package is missing,
 * and fails there when LETSPING_CI=1.
 */
const python = publishedPython('0.3.3');
const TESTS = 10;
if (!python)
  process.stderr.write(
    `  skipped ${TESTS} tests: the published Python client is not installed (pip install letsping==0.3.3)\n`,
  );

test('the published Python client is installed in CI', () => {
  if (process.env['LETSPING_CI'] === '1') expect(python).toBeDefined();
});

let system: LocalSystem;

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs an agent program with only the environment that the client documents. */
function runPython(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const child = spawn(python!.command, args, {
    env: {
      PATH: process.env['PATH'],
      PYTHONPATH: python!.path,
      LETSPING_API_KEY: system.agent_api_key,
      LETSPING_BASE_URL: system.api_url,
      ...env,
    },
  });
  const ran: Ran = { code: -1, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    ran.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ran.stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...ran, code: code ?? -1 }));
  });
}

/** The script prints one JSON document. */
async function script(body: string, env?: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  const source = `import json\nfrom letsping import *\nlp = LetsPing()\n${body}`;
  const { code, stdout, stderr } = await runPython(['-c', source], env);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

async function api<T>(path: string, body?: object): Promise<T> {
  const response = await fetch(`${system.api_url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${system.approver_api_key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(response.ok, await response.clone().text()).toBe(true);
  return (await response.json()) as T;
}

/** Decides as soon as the request exists, as a person in the console would. */
async function decide(
  service: string,
  decision: { type: 'approve' } | { type: 'reject'; reason: string } | { type: 'patch'; patched_payload: object },
) {
  for (;;) {
    const { items } = await api<ApprovalRequestPage>(`/approval-requests?status=pending&service=${service}`);
    if (items[0]) {
      const { payload_digest } = await api<{ payload_digest: string }>(`/approval-requests/${items[0].id}`);
      await api(`/approval-requests/${items[0].id}/decisions`, { ...decision, payload_digest } as Decision);
      return items[0].id;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe.skipIf(!python)('the published Python client', () => {
  beforeAll(async () => {
    system = await localSystem();
  });
  afterAll(() => system?.stop());

  test('ask: approve', async () => {
    const asking = script(
      `print(json.dumps(lp.ask("py-approve", "sql", {"query": "DROP TABLE users", "café": 1.5}, priority="high")))`,
    );
    await decide('py-approve', { type: 'approve' });

    expect(await asking).toMatchObject({
      status: 'APPROVED',
      payload: { query: 'DROP TABLE users', café: 1.5 },
      patched_payload: null,
      metadata: { actor_id: 'dev-approver', method: 'api', resolved_at: expect.any(String) },
    });
  });

  test('ask: patch', async () => {
    const asking = script(`print(json.dumps(lp.ask("py-patch", "refund", {"amount": 500, "to": {"iban": "DE1"}})))`);
    await decide('py-patch', { type: 'patch', patched_payload: { amount: 200, to: { iban: 'DE1' } } });

    expect(await asking).toMatchObject({
      status: 'APPROVED_WITH_MODIFICATIONS',
      payload: { amount: 500, to: { iban: 'DE1' } },
      patched_payload: { amount: 200, to: { iban: 'DE1' } },
      diff_summary: { changes: { amount: { from: 500, to: 200 } } },
    });
  });

  test('ask: reject', async () => {
    const asking = script(
      `try:\n    lp.ask("py-reject", "sql", {"query": "DROP TABLE users"})\nexcept ApprovalRejectedError as e:\n    print(json.dumps({"reason": e.reason}))`,
    );
    await decide('py-reject', { type: 'reject', reason: 'not on a Friday' });

    expect(await asking).toEqual({ reason: 'not on a Friday' });
  });

  test('defer, get_request_status, and wait in another process; a decision arrives within a round trip', async () => {
    const { id, status } = (await script(
      `i = lp.defer("py-defer", "sql", {"q": 1}, trace_id="t-1", environment="test")\nprint(json.dumps({"id": i, "status": lp.get_request_status(i)}))`,
    )) as { id: string; status: object };
    expect(status).toMatchObject({ id, status: 'PENDING', payload: { q: 1 } });

    const waiting = script(
      `import time\nd = lp.wait(${JSON.stringify(id)})\nprint(json.dumps({"at": time.time() * 1000, "status": d["status"]}))`,
    );
    // Now the client is in its second read, which the server holds.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const decidedAt = Date.now();
    await decide('py-defer', { type: 'approve' });
    const { at, status: word } = (await waiting) as { at: number; status: string };

    expect(word).toBe('APPROVED');
    expect(at - decidedAt).toBeLessThan(1_000);
  });

  test('aask, in an event loop', async () => {
    const asking = script(
      `import asyncio\nasync def main():\n    async with LetsPing() as a:\n        print(json.dumps(await a.aask("py-async", "sql", {"q": 1})))\nasyncio.run(main())`,
    );
    await decide('py-async', { type: 'approve' });

    expect(await asking).toMatchObject({ status: 'APPROVED' });
  });

  test('tool', async () => {
    const asking = script(`print(lp.tool("py-tool", "sql")('{"q": 1}'))`);
    await decide('py-tool', { type: 'approve' });

    expect(await asking).toEqual({ status: 'APPROVED', executed_payload: { q: 1 } });
  });

  test('the root of the server works as base URL, like its /api', async () => {
    const answer = await script(`print(json.dumps(lp.get_request_status(lp.defer("py-root", "sql", {}))))`, {
      LETSPING_BASE_URL: `${system.public_url}/`,
    });

    expect(answer).toMatchObject({ status: 'PENDING' });
  });

  test('a wrong key and an unknown id raise the errors of the client', async () => {
    const seen = await script(
      [
        'seen = {}',
        'try:\n    LetsPing(api_key="lp_test_wrong").defer("s", "a", {})\nexcept AuthenticationError as e:\n    seen["auth"] = str(e)',
        'try:\n    lp.get_request_status("req_unknown")\nexcept LetsPingError as e:\n    seen["unknown"] = [e.status, e.code, str(e)]',
        'print(json.dumps(seen))',
      ].join('\n'),
    );

    expect(seen).toEqual({
      auth: expect.any(String),
      unknown: [404, 'LETSPING_404_NOT_FOUND', 'There is no such approval request.'],
    });
  });

  test('documentation_url leads to a section of the server, when the client has its address', async () => {
    const { unknown, codes } = await script(
      [
        'import letsping',
        `letsping.LETSPING_DOCS_BASE = ${JSON.stringify(`${system.public_url}/docs/errors`)}`,
        'seen = {}',
        'try:\n    lp.get_request_status("req_unknown")\nexcept LetsPingError as e:\n    seen["unknown"] = e.documentation_url',
        'seen["codes"] = [LetsPingError("", status).documentation_url for status in (401, 402, 403, 404, 408, 409, 429, 503)]',
        'print(json.dumps(seen))',
      ].join('\n'),
    );
    expect(unknown).toBe(`${system.public_url}/docs/errors#requests`);
    for (const address of codes as string[]) {
      const page = await (await fetch(address)).text();
      expect(page, address).toContain(` id="${new URL(address).hash.slice(1) || 'errors'}"`);
    }
  });

  test('python -m letsping.quickstart', async () => {
    const running = runPython(['-m', 'letsping.quickstart']);
    await decide('db-agent', { type: 'patch', patched_payload: { query: 'SELECT count(*) FROM users LIMIT 1' } });
    const { code, stdout } = await running;

    expect(code).toBe(0);
    expect(JSON.parse(stdout.slice(stdout.indexOf('{')))).toMatchObject({
      status: 'APPROVED_WITH_MODIFICATIONS',
      original_payload: { query: 'DROP TABLE users' },
      executed_payload: { query: 'SELECT count(*) FROM users LIMIT 1' },
    });
  });
});
