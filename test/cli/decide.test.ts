import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { approve, patch, reject } from '../../cli/commands/decide.ts';
import { inbox } from '../../cli/commands/inbox.ts';
import { show } from '../../cli/commands/show.ts';
import { verify } from '../../cli/commands/verify.ts';
import { LetsPing } from '../../client/index.ts';
import { type LocalSystem, localSystem } from '../helpers/local-system.ts';
import { run } from './run.ts';

let system: LocalSystem;
let lp: LetsPing;
beforeAll(async () => {
  system = await localSystem();
  lp = new LetsPing(system.agent_api_key, { baseUrl: system.api_url });
});
afterAll(() => system?.stop());

const drop = { service: 'db-agent', action: 'sql', payload: { query: 'DROP TABLE users' } };

const file = (name: string, text: string): string => {
  const path = join(system.data_dir, name);
  writeFileSync(path, text);
  return path;
};

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

test('a refused command prints the code, a hint, and the address of the page about the code', async () => {
  const env = { ...system.approver, PATH: process.env['PATH'] };
  const shown = await new Promise<{ code: unknown; out: string; err: string }>((resolve) =>
    execFile(process.execPath, [MAIN, 'show', 'req_unknown', '--json'], { env }, (error, out, err) =>
      resolve({ code: error?.code, out, err }),
    ),
  );
  const docs = `${system.public_url}/docs/errors#not_found`;
  expect(shown.code).toBe(1);
  expect(JSON.parse(shown.out)).toEqual({
    error: { code: 'not_found', message: expect.any(String), hint: 'letsping inbox --status all', docs },
  });
  expect(shown.err).toBe(
    `letsping show: There is no such approval request. (not_found)\ntry: letsping inbox --status all\nsee: ${docs}\n`,
  );
  expect((await (await fetch(docs)).text()).includes(' id="not_found"')).toBe(true);
});

describe('inbox and show', () => {
  test('report that no request matches', async () => {
    expect(await run(inbox, ['--service', 'nobody'], system.approver)).toMatchObject({
      code: 0,
      out: 'No request matches.\n',
    });
    expect(await run(inbox, ['--status', 'expired'], system.approver)).toMatchObject({
      out: 'No request is expired.\n',
    });
  });

  test('list pending requests, in columns and as one JSON document', async () => {
    const { id } = await lp.open({
      ...drop,
      service: 'list-agent',
      priority: 'high',
      context: { thread_id: 'thread-1' },
    });

    const { out } = await run(inbox, ['--service', 'list-agent', '--thread', 'thread-1'], system.approver);
    expect(out).toMatch(
      new RegExp(`^REQUEST .*\n${id}  list-agent  sql +high .* dev-agent  pending, expires in .*\n$`),
    );
    const { out: json } = await run(inbox, ['--service', 'list-agent', '--json'], system.approver);
    expect(JSON.parse(json)).toMatchObject({ items: [{ id, status: 'pending' }], next: null });
  });

  test('page through a list', async () => {
    for (let i = 0; i < 3; i++) await lp.open({ ...drop, service: 'page-agent' });
    const first = JSON.parse(
      (await run(inbox, ['--service', 'page-agent', '--limit', '2', '--json'], system.approver)).out,
    );
    const second = JSON.parse(
      (await run(inbox, ['--service', 'page-agent', '--cursor', first.next, '--json'], system.approver)).out,
    );

    expect([first.items.length, second.items.length, second.next]).toEqual([2, 1, null]);
  });

  test('show the payload, the findings, and the commands to decide', async () => {
    const { id, payload_digest } = await lp.open({ ...drop, traceId: 'trace-9' });
    const { code, out, err } = await run(show, [id], system.approver);

    expect(code).toBe(0);
    for (const text of [
      id,
      'db-agent: sql',
      '"query": "DROP TABLE users"',
      'held by',
      'trace-9',
      payload_digest,
      'timeline',
    ]) {
      expect(out).toContain(text);
    }
    expect(err).toContain(`try: letsping approve ${id} --digest ${payload_digest}`);
  });

  test("print an agent's text without its control characters", async () => {
    const { id } = await lp.open({ ...drop, payload: { query: '\u001b[2J\u009b1A\u202eevil', 'k\u0007': 1 } });
    const shown = await run(show, [id], system.approver);
    const json = await run(show, [id, '--json'], system.approver);

    for (const text of [shown.out, json.out])
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(shown.out).toContain('U+009B1AU+202Eevil');
    expect(JSON.parse(json.out).payload.query).toBe('\u001b[2J\u009b1A\u202eevil');
  });
});

describe('a decision', () => {
  test('approves exactly what was shown, and answers the waiting agent', async () => {
    const { id, payload_digest } = await lp.open(drop);
    const waiting = lp.waitForDecision(id);
    const { code, out } = await run(approve, [id, '--digest', payload_digest], system.approver);

    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^approved by dev-approver at .*\nmay run {3}sha256:/),
    });
    expect(await waiting).toMatchObject({
      status: 'APPROVED',
      metadata: { actor_id: 'dev-approver', method: 'cli' },
      payload_digest,
    });
  });

  test('shows what it approves when no digest is given', async () => {
    const { id } = await lp.open(drop);
    const { code, out, err } = await run(approve, [id, '--json'], system.approver);

    expect(code).toBe(0);
    expect(err).toContain('DROP TABLE users');
    expect(JSON.parse(out)).toMatchObject({
      outcome: { status: 'approved', cause: 'person' },
      decided_by: 'dev-approver',
    });
  });

  test('approves and patches no payload that the client sealed, but a digest that was read elsewhere', async () => {
    const ingest = await fetch(`${system.api_url}/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${system.agent_api_key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...drop, payload: { _lp_enc: true, iv: 'AAAA', ct: 'c2VhbGVk' } }),
    });
    const { id, payload_digest } = (await ingest.json()) as { id: string; payload_digest: string };
    for (const [command, args] of [
      [approve, [id]],
      [patch, [id, '--file', file('open.json', '{"a":1}')]],
    ] as const)
      expect(await run(command, [...args], system.approver)).toMatchObject({
        code: 1,
        failure: { code: 'payload_sealed' },
      });
    expect(await run(approve, [id, '--digest', payload_digest], system.approver)).toMatchObject({ code: 0 });
  });

  test('rejects with a reason that reaches the agent', async () => {
    const { id } = await lp.open(drop);
    expect(await run(reject, [id, '--reason', 'not on a Friday'], system.approver)).toMatchObject({ code: 0 });

    expect(await lp.waitForDecision(id)).toMatchObject({ status: 'REJECTED', metadata: { reason: 'not on a Friday' } });
    expect((await run(show, [id], system.approver)).out).toContain('not on a Friday');
  });

  test('patches, and lists the changes', async () => {
    const { id } = await lp.open({
      service: 'billing-agent',
      action: 'refund',
      payload: { amount_cents: 500, charge: 'ch_1' },
    });
    const payload = file('payload.json', '{"amount_cents": 200, "charge": "ch_1"}');
    const { code, err } = await run(patch, [id, '--file', payload], system.approver);

    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('- amount_cents: 500 → 200') });
    expect(await lp.waitForDecision(id)).toMatchObject({
      status: 'APPROVED_WITH_MODIFICATIONS',
      patched_payload: { amount_cents: 200, charge: 'ch_1' },
      diff_summary: { changes: { amount_cents: { from: 500, to: 200 } } },
    });
    expect((await run(show, [id], system.approver)).out).toContain('amount_cents: 500 → 200');
  });

  test('has a receipt that verifies offline, also against the payload', async () => {
    const { id } = await lp.open(drop);
    await run(approve, [id], system.approver);
    const { digest_salt } = await lp.getStatus(id);
    const receipt = file('receipt.jws', (await run(show, [id, '--receipt'], system.approver)).out);
    const keys = file('jwks.json', await (await fetch(`${system.public_url}/.well-known/jwks.json`)).text());
    const payload = file('approved.json', JSON.stringify(drop.payload));

    const { code, out } = await run(verify, [receipt, '--keys', keys, '--payload', payload, '--salt', digest_salt]);
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/the payload is the one that may run[\s\S]*valid\n$/),
    });
    expect(out).toContain('by dev-agent on');
  });

  test('runs once: the agent executes the approved action and reports it', async () => {
    const running = lp.run({ ...drop, service: 'run-agent' }, (payload) => payload);
    let id: string | undefined;
    while (id === undefined)
      id = JSON.parse((await run(inbox, ['--service', 'run-agent', '--json'], system.approver)).out).items[0]?.id;
    await run(approve, [id], system.approver);

    expect(await running).toEqual(drop.payload);
    expect((await run(show, [id], system.approver)).out).toMatch(/executed +\d{4}-/);
    const { payload_digest } = await lp.getStatus(id);
    await expect(lp.reportExecuted(id, payload_digest)).rejects.toMatchObject({ problemCode: 'executed_already' });
  });
});

describe('a refusal', () => {
  test('has a code and a hint', async () => {
    const { id } = await lp.open(drop);
    await run(approve, [id], system.approver);

    const again = await run(reject, [id, '--reason', 'changed my mind'], system.approver);
    expect(again).toMatchObject({
      code: 1,
      out: '',
      failure: { code: 'not_pending', hint: expect.stringContaining('letsping show') },
    });
  });

  test('another digest approves nothing', async () => {
    const { id } = await lp.open(drop);

    expect(await run(approve, [id, '--digest', `sha256:${'0'.repeat(64)}`], system.approver)).toMatchObject({
      code: 1,
      failure: { code: 'payload_changed' },
    });
    expect(await lp.getStatus(id)).toMatchObject({ status: 'PENDING' });
  });

  test('an agent cannot decide', async () => {
    const { id } = await lp.open(drop);
    const agent = { ...system.approver, LETSPING_API_KEY: system.agent_api_key };

    expect(await run(approve, [id], agent)).toMatchObject({
      code: 1,
      failure: { code: 'forbidden', hint: expect.stringContaining('approver') },
    });
  });

  test.each([
    ['an unknown request', ['req_01h455vb4pex5vsknk084sn02q'], {}, 'not_found'],
    ['an invalid key', ['req_01h455vb4pex5vsknk084sn02q'], { LETSPING_API_KEY: 'lp_test_none' }, 'unauthenticated'],
    ['an unreachable server', ['x'], { LETSPING_BASE_URL: 'http://127.0.0.1:9' }, 'LETSPING_NETWORK'],
    ['half a connection', ['x'], { LETSPING_BASE_URL: '' }, 'not_connected'],
    [
      'no connection',
      ['x'],
      { LETSPING_BASE_URL: '', LETSPING_API_KEY: '', LETSPING_DATA_DIR: '/nowhere' },
      'not_connected',
    ],
  ])('%s', async (_, args, env, code) => {
    expect(await run(show, args, { ...system.approver, ...env })).toMatchObject({
      code: 1,
      failure: { code, hint: expect.any(String) },
    });
  });

  test.each([
    [approve, []],
    [approve, ['a', 'b']],
    [approve, ['a', '--digest', 'short']],
    [approve, ['a', '--force']],
    [reject, ['a']],
    [reject, ['a', '--reason', '  ']],
    [patch, ['a']],
    [patch, ['a', '--file', '/nowhere']],
    [inbox, ['--status', 'open']],
    [inbox, ['--limit', '0']],
    [show, []],
  ])('wrong arguments are exit code 2 (%#)', async (command, args) => {
    expect(await run(command, args, system.approver)).toMatchObject({ code: 2, out: '' });
  });

  test.each(['{"a": 1, "a": 2}', '[1]', 'x'])('an ambiguous or invalid patch is not sent: %s', async (text) => {
    expect(await run(patch, ['req_x', '--file', file('bad.json', text)], system.approver)).toMatchObject({ code: 2 });
  });
});

test('a local system needs no settings', async () => {
  const env = { LETSPING_DATA_DIR: system.data_dir, DATABASE_URL: system.database_url };

  expect(await run(inbox, ['--service', 'nobody'], env)).toMatchObject({ code: 0, out: 'No request matches.\n' });
});
