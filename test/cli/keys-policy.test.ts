import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keys } from '../../cli/commands/keys.ts';
import { policy } from '../../cli/commands/policy.ts';
import { sessions } from '../../cli/commands/sessions.ts';
import { LetsPing } from '../../client/index.ts';
import { type LocalSystem, localSystem } from '../helpers/local-system.ts';
import { run } from './run.ts';

let system: LocalSystem;
beforeAll(async () => {
  system = await localSystem();
});
afterAll(() => system?.stop());

const file = (text: string): string => {
  const path = join(system.data_dir, 'policy.json');
  writeFileSync(path, text);
  return path;
};

test('a key is created, works for its services only, and stops working when it is revoked', async () => {
  const made = await run(
    keys,
    ['create', '--name', 'billing', '--owner', 'bot-1', '--role', 'agent', '--service', 'billing', '--json'],
    system.admin,
  );
  expect(made.code).toBe(0);
  const { id, api_key } = JSON.parse(made.out);
  const lp = new LetsPing(api_key, { baseUrl: system.api_url });
  await lp.open({ service: 'billing', action: 'refund', payload: {} });
  await expect(lp.open({ service: 'hr', action: 'fire', payload: {} })).rejects.toMatchObject({
    code: 'LETSPING_403_FORBIDDEN',
  });

  const listed = await run(keys, ['list'], system.admin);
  expect(listed.out).toMatch(
    new RegExp(`^${id}  agent +bot-1 +billing +billing +made by dev-admin +used .* ago$`, 'm'),
  );
  expect(listed.out).not.toContain(api_key);

  expect(await run(keys, ['revoke', id], system.admin)).toMatchObject({ code: 0 });
  expect((await run(keys, ['list'], system.admin)).out).toMatch(new RegExp(`^${id} .*revoked`, 'm'));
  await expect(lp.open({ service: 'billing', action: 'refund', payload: {} })).rejects.toMatchObject({
    code: 'LETSPING_401_AUTH',
  });
});

test('a key is limited when it is made, and the list says how', async () => {
  const create = (...args: string[]) => run(keys, ['create', '--name', 'x', ...args], system.admin);
  await create('--owner', 'host-1', '--role', 'agent', '--host', '--expires-in', '30d');
  await create('--owner', 'ops-1', '--role', 'admin', '--without', 'policy:loosen', '--without', 'key:manage');
  const { out } = await run(keys, ['list'], system.admin);
  expect(out).toMatch(/ host-1 +x +any service +host program; expires in (29|30) d; made by dev-admin +never used$/m);
  expect(out).toMatch(/ ops-1 +x +- +without policy:loosen; without key:manage; made by dev-admin +never used$/m);
});

test('sessions are listed and ended', async () => {
  expect((await run(sessions, ['list'], system.admin)).out).toBe('Nobody is signed in.\n');
  const signIn = await fetch(new URL('/login', system.api_url), {
    method: 'POST',
    headers: { origin: new URL(system.api_url).origin },
    body: new URLSearchParams({ api_key: system.approver_api_key }),
    redirect: 'manual',
  });
  expect(signIn.status).toBe(303);
  const { out } = await run(sessions, ['list'], system.admin);
  const id = /^(ses_\w+) {2}approver {2}dev-approver {2}key_\w+ .* ago +in /m.exec(out)?.[1];
  expect(await run(sessions, ['end', id!], system.admin)).toMatchObject({
    code: 0,
    out: 'The session of dev-approver has ended.\n',
  });
  expect((await run(sessions, ['list', '--json'], system.admin)).out).toBe('{"items":[]}\n');
  expect(await run(sessions, ['list'], system.approver)).toMatchObject({ code: 1, failure: { code: 'forbidden' } });
});

test('stdout contains only the new key', async () => {
  const { out, err } = await run(keys, ['create', '--name', 'x', '--owner', 'ana', '--role', 'approver'], system.admin);

  expect(out).toMatch(/^lp_(test|live)_\w+[\w-]*\n$/);
  expect(err).toContain('shown this once');
});

test.each([
  [['create', '--owner', 'ana', '--role', 'agent'], /--name/],
  [['list', '--owner', 'ana'], /^unknown option '--owner'/],
  [['create', '--name', 'x', '--owner', 'ana@example.com', '--role', 'agent'], /--owner.*e-mail/],
  [['create', '--name', 'x', '--owner', 'ana', '--role', 'root'], /--role/],
  [['create', '--name', 'x', '--owner', 'a', '--role', 'agent', '--expires-in', '2w'], /^--expires-in takes a span/],
  [['create', '--name', 'x', '--owner', 'a', '--role', 'agent', '--expires-in', '99999d'], /^--expires-in: /],
  [['create', '--name', 'x', '--owner', 'a', '--role', 'agent', '--without', 'key:manage'], /^--without key:manage: /],
  [['revoke'], /^KEY_ID is missing/],
  [['drop'], /name a subcommand: create/],
])('wrong arguments of keys are exit code 2: %j', async (args, message) => {
  expect(await run(keys, args, system.admin)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
});

test('keys needs an admin key', async () => {
  expect(await run(keys, ['list'], system.approver)).toMatchObject({
    code: 1,
    failure: { code: 'forbidden', hint: expect.stringContaining('admin') },
  });
  expect(await run(keys, ['revoke', 'key_unknown'], system.admin)).toMatchObject({
    code: 1,
    failure: { code: 'not_found' },
  });
});

test('a policy is shown, edited and applied, and takes effect', async () => {
  const before = JSON.parse((await run(policy, ['show'], system.admin)).out);
  const edited = { ...before, routes: [{ service: 'reader', action: '*', routing: 'observe' }] };
  const applied = await run(
    policy,
    ['apply', file(JSON.stringify(edited)), '--reason', 'reading is safe'],
    system.admin,
  );
  expect(applied).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^policy version \d+ is in force\n$/),
    err: expect.stringContaining('routes'),
  });

  const lp = new LetsPing(system.agent_api_key, { baseUrl: system.api_url });
  expect(await lp.ask({ service: 'reader', action: 'read', payload: { path: 'notes' } })).toMatchObject({
    status: 'APPROVED',
    outcome: { status: 'approved', cause: 'firewall' },
  });
  expect(JSON.parse((await run(policy, ['show', '--json'], system.admin)).out)).toMatchObject({
    policy: { routes: [{ service: 'reader' }] },
  });
});

test.each([
  ['{"default_routing": "yolo"}', /\/default_routing/],
  ['{"routes": [], "routes": []}', /one key twice/],
  ['not JSON', /not JSON/],
])('an invalid policy is not sent: %s', async (text, message) => {
  expect(await run(policy, ['apply', file(text)], system.admin)).toMatchObject({
    code: 2,
    err: expect.stringMatching(message),
  });
});
