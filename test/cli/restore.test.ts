import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi } from '../../api/main.ts';
import { doctor } from '../../cli/commands/doctor.ts';
import { restore } from '../../cli/commands/restore.ts';
import { startProgram } from '../helpers/program.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { run } from './run.ts';

let dir: string;
let file: string;
let system: TestSystem;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'letsping-restore-'));
  file = join(dir, 'anchor.json');
  system = await createSystem({ env: { LETSPING_ANCHOR_FILE: file } });
});
afterAll(async () => {
  await system.stop();
  rmSync(dir, { recursive: true });
});

const database = () => new URL(system.database.owner_url).pathname.slice(1);

/** Runs SQL beside the database, with its connections closed: `create database … template` needs that. */
async function beside(...statements: string[]): Promise<void> {
  const url = new URL(system.database.owner_url);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

const anchored = () => JSON.parse(readFileSync(file, 'utf8')).projects[system.project_id];
const acts = async () => {
  const client = new pg.Client({ connectionString: system.database.owner_url });
  await client.connect();
  await client.query("select set_config('app.project_id', '*', false)");
  const { rows } = await client.query('select kind, subject, actor from admin_acts order by number');
  await client.end();
  return rows as { kind: string; subject: string; actor: string | null }[];
};

test('a backup is restored: api, worker and doctor refuse it, a person accepts it, and what was lost is listed', async () => {
  const created = await system.call(system.admin_api_key, 'POST', '/api/keys', {
    name: 'mine',
    owner: 'ana',
    role: 'approver',
  });
  const { id, api_key } = created.body;
  await system.call(system.admin_api_key, 'PUT', '/api/policy', { accept_unsigned_signals: false });
  expect(await acts()).toEqual([
    { kind: 'project_created', subject: system.project_id, actor: null },
    { kind: 'key_created', subject: expect.stringMatching(/^key_/), actor: null },
    { kind: 'key_created', subject: expect.stringMatching(/^key_/), actor: null },
    { kind: 'key_created', subject: expect.stringMatching(/^key_/), actor: null },
    { kind: 'key_created', subject: id, actor: 'dev-admin' },
    { kind: 'policy_written', subject: '1', actor: 'dev-admin' },
  ]);
  expect(anchored()).toMatchObject({ epoch: 1, number: 6 });

  // The backup, and then: a key is revoked.
  const [name, copy] = [database(), `${database()}_backup`];
  await system.api.stop();
  await beside(`create database ${copy} template ${name}`);
  const first = await startApi(system.env);
  const del = await fetch(`${first.url}/api/keys/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${system.admin_api_key}` },
  });
  expect(del.status).toBe(200);
  await first.stop();
  expect(anchored()).toMatchObject({ epoch: 1, number: 7 });

  await beside(`drop database ${name} with (force)`, `alter database ${copy} rename to ${name}`);
  const refusal = new RegExp(
    `project ${system.project_id}: its last administrative act is 6 of epoch 1, the anchor has act 7 of epoch 1.*letsping restore --accept --reason TEXT`,
  );
  await expect(startApi(system.env)).rejects.toMatchObject({
    name: 'StartRefused',
    message: expect.stringMatching(refusal),
  });
  const worker = startProgram(['worker'], system.env);
  expect((await worker.exit).code).toBe(1);
  expect(worker.output()).toMatch(refusal);
  const found = JSON.parse((await run(doctor, ['--json'], system.env)).out).findings.find(
    ({ check }: { check: string }) => check === 'administrative acts',
  );
  expect(found).toMatchObject({ state: 'fail', detail: expect.stringMatching(refusal) });

  const accepted = await run(restore, ['--accept', '--reason', 'disk failure'], system.env);
  expect(accepted.code).toBe(0);
  expect(accepted.out).toMatch(new RegExp(`project ${system.project_id}: epoch 2, accepted although its last`));
  expect(accepted.out).toMatch(
    new RegExp(`lost: 1 administrative act\\. Repeat those that still apply\n {4}7 key revoked ${id} by dev-admin, `),
  );
  expect(accepted.err).toBe('api and worker start again\n');
  expect(anchored()).toMatchObject({ epoch: 2, number: 7 });
  const again = await run(restore, ['--accept', '--reason', 'disk failure', '--json'], system.env);
  expect(JSON.parse(again.out)).toEqual({ projects: [], missing: [] });

  const restored = await startApi(system.env);
  const get = (path: string, key: string) =>
    fetch(`${restored.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  expect((await get('/api/approval-requests', api_key)).status).toBe(200); // the revocation is one of the lost acts
  await restored.stop();
}, 120_000);

test('it accepts nothing without --accept and a reason, with another root key, or with an unusable anchor', async () => {
  const attempt = (args: string[], env = {}) => run(restore, args, { ...system.env, ...env });
  expect(await attempt(['--reason', 'x'])).toMatchObject({ code: 2, err: expect.stringContaining('--accept') });
  expect(await attempt(['--accept'])).toMatchObject({ code: 2, err: expect.stringContaining('--reason') });
  expect(await attempt(['--accept', '--reason', ' '])).toMatchObject({ code: 2 });
  const before = await acts();
  const other = {
    LETSPING_ROOT_KEY: Buffer.from(system.env['LETSPING_ROOT_KEY']!, 'base64').reverse().toString('base64'),
  };
  expect(await attempt(['--accept', '--reason', 'x'], other)).toMatchObject({
    code: 1,
    failure: { code: 'start_refused' },
  });
  expect(await attempt(['--accept', '--reason', 'x'], { LETSPING_ANCHOR_FILE: dir })).toMatchObject({
    code: 1,
    failure: { code: 'start_refused' },
  });
  expect(await attempt(['--accept', '--reason', 'x'], { LETSPING_ANCHOR_FILE: 'anchor.json' })).toMatchObject({
    code: 1,
    failure: { code: 'configuration' },
  });
  expect(await acts()).toEqual(before);
});

test('without an anchor the epoch is opened, and the command says that it does not know what was lost', async () => {
  const { LETSPING_ANCHOR_FILE: _, ...env } = system.env;
  const done = await run(restore, ['--accept', '--reason', 'looked at it'], env);
  expect(done.out).toBe(`project ${system.project_id}: epoch 3\n`);
  expect(done.err).toContain('without LETSPING_ANCHOR_FILE it is not known what was lost');
});
