import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doctor } from '../../cli/commands/doctor.ts';
import { migrate } from '../../cli/commands/migrate.ts';
import { nodeVersion } from '../../cli/doctor/machine.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { isOlder } from '../../runtime/temporal/access.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { actor } from '../helpers/actor.ts';
import { createDatabase } from '../helpers/database.ts';
import { freePorts, startProgram } from '../helpers/program.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { run } from './run.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem();
});
afterAll(() => system.stop());

const examine = async (extra: NodeJS.ProcessEnv = {}) => {
  const { code, out } = await run(doctor, ['--json'], { ...system.env, ...extra });
  const { ok, findings } = JSON.parse(out) as {
    ok: boolean;
    findings: { check: string; state: string; detail: string; fix?: string }[];
  };
  expect(ok).toBe(code === 0);
  for (const { state, fix } of findings) if (state === 'fail' || state === 'warn') expect(fix).toBeTruthy();
  return { code, of: (check: string) => findings.find((finding) => finding.check === check)!, findings };
};

test('a variable that nothing reads is a warning', async () => {
  const { code, findings } = await examine({ LETSPING_ANCHOR: '/tmp/anchor.json', LETSPING_ROOT_KEY_FIEL: '/x' });
  expect(code).toBe(0);
  expect(findings.filter(({ check }) => check === 'settings').map(({ detail }) => detail)).toEqual([
    'nothing reads LETSPING_ANCHOR',
    'nothing reads LETSPING_ROOT_KEY_FIEL',
  ]);
  expect((await examine()).of('settings')).toBeUndefined();
});

test('a healthy deployment: no check fails, and a missing worker is a warning', async () => {
  const before = await examine();
  expect(before.findings.filter(({ state }) => state === 'fail')).toEqual([]);
  expect(before.code).toBe(0);
  expect(before.of('worker')).toMatchObject({ state: 'warn', fix: expect.stringContaining('letsping worker') });
  await system.startWorker();
  const after = await examine();
  expect(after.of('worker').state).toBe('ok');
  for (const check of [
    'temporal sdk',
    'configuration',
    'port',
    'postgresql',
    'clock',
    'migrations',
    'login',
    'right to connect',
    'root key',
    'root key opens the data',
    'keys and policies',
    'owners',
    'temporal',
    'namespace',
    'visibility',
    'schedules',
  ]) {
    expect(after.of(check), check).toMatchObject({ state: 'ok' });
  }
  const { out } = await run(doctor, [], system.env);
  expect(out).toMatch(/^ok {4}login .*row-level security$/m);
  expect(out).not.toContain(system.env['LETSPING_ROOT_KEY']);
  expect(out).not.toContain(new URL(system.env['DATABASE_URL']!).password);
});

test('owners that are one person in two spellings are a warning, an agent beside an approver above all', async () => {
  const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(system.database.pool));
  const { keys } = apiStores(system.database.pool, keyring);
  const { project_id } = system;
  const made: string[] = [];
  // As a release before made them: the route refuses such owners.
  for (const [owner, role] of [
    ['Dev-Admin', 'approver'],
    ['DEV-AGENT', 'approver'],
  ] as const) {
    made.push(newId('key'));
    await keys.createKey(project_id, made.at(-1)!, { name: 'x', owner, role }, randomBytes(32), actor('dev-admin'));
  }
  expect((await examine()).of('owners')).toMatchObject({
    state: 'warn',
    detail: `one name in several spellings: dev-agent (agent) and DEV-AGENT (approver): an agent beside a person in project ${project_id}; dev-admin (admin) and Dev-Admin (approver) in project ${project_id}`,
  });
  for (const id of made) await keys.revokeKey(project_id, id, actor('dev-admin'));
  expect((await examine()).of('owners').state).toBe('ok');
});

test('the owner of the tables as login, and a root key that does not open the data', async () => {
  const owner = await examine({ DATABASE_URL: system.database.owner_url });
  expect(owner.code).toBe(1);
  expect(owner.of('login')).toMatchObject({ state: 'fail', detail: expect.stringContaining('superuser') });
  const key = await examine({ LETSPING_ROOT_KEY: randomBytes(32).toString('base64') });
  expect(key.of('root key').state).toBe('ok');
  expect(key.of('root key opens the data')).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('does not open this database'),
  });
  expect((await examine({ LETSPING_ROOT_KEY: 'hunter2' })).of('root key')).toMatchObject({
    state: 'fail',
    detail: expect.not.stringContaining('hunter2'),
  });
});

test('a service that does not answer fails, its dependent checks are skipped, the others run', async () => {
  const port = await freePorts();
  const database = await examine({ DATABASE_URL: `postgres://a:hunter2@127.0.0.1:${port}/x` });
  expect(database.of('postgresql')).toMatchObject({ state: 'fail', fix: expect.stringContaining('DATABASE_URL') });
  expect(database.of('migrations').state).toBe('skipped');
  expect(database.of('namespace').state).toBe('ok');
  expect(JSON.stringify(database.findings)).not.toContain('hunter2');
  const temporal = await examine({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
  expect(temporal.of('temporal')).toMatchObject({ state: 'fail', fix: expect.stringContaining('TEMPORAL_ADDRESS') });
  expect(temporal.of('login').state).toBe('ok');
});

test('an empty database, one of another release, a taken port and a wrong variable', async () => {
  const empty = await createDatabase({ migrated: false });
  expect((await examine({ DATABASE_URL: empty.owner_url })).of('migrations')).toMatchObject({
    state: 'fail',
    fix: expect.stringContaining('letsping migrate'),
  });
  await empty.drop();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as { port: number }).port;
  expect((await examine({ LETSPING_PORT: String(port) })).of('port')).toMatchObject({
    state: 'fail',
    fix: expect.stringContaining('LETSPING_PORT'),
  });
  server.close();
  expect((await examine({ LETSPING_PORT: new URL(system.api.url).port })).of('port').state).toBe('ok');
  expect((await examine({ LETSPING_PORT: '80a' })).of('configuration').detail).toMatch(
    /^LETSPING_PORT must be a whole number/,
  );
});

test('a database to which every login may connect is a warning, with the statements to run', async () => {
  const name = new URL(system.database.owner_url).pathname.slice(1);
  await system.database.asOwner(`grant connect on database ${name} to public`);
  expect((await examine()).of('right to connect')).toMatchObject({
    state: 'warn',
    detail: expect.stringContaining('every login of this server may connect'),
    fix: expect.stringContaining(`revoke connect, temporary on database "${name}" from public`),
  });
  await run(migrate, [], { DATABASE_URL: system.database.owner_url });
  expect((await examine()).of('right to connect').state).toBe('ok');
});

test('a missing namespace: doctor and worker report it in one sentence, and the worker ends', async () => {
  const nowhere = { TEMPORAL_NAMESPACE: 'nowhere' };
  expect((await examine(nowhere)).of('temporal').detail).toMatch(
    /^the Temporal namespace "nowhere" does not exist: create it/,
  );
  const worker = startProgram(['worker'], { ...system.env, ...nowhere });
  expect((await worker.exit).code).toBe(1);
  expect(worker.output()).toMatch(/^letsping worker: the Temporal namespace "nowhere" does not exist/m);
}, 60_000);

test('versions are compared as numbers', () => {
  expect(isOlder('1.24.9', '1.25.0')).toBe(true);
  expect(isOlder('1.25.0', '1.25.0')).toBe(false);
  expect(isOlder('1.100.0-cloud.1', '1.25.0')).toBe(false);
  expect(isOlder('main', '1.25.0')).toBe(false);
  expect([nodeVersion('18.20.0').state, nodeVersion('20.19.0').state, nodeVersion('24.1.0').state]).toEqual([
    'fail',
    'warn',
    'ok',
  ]);
});

test('migrate creates the login and the first project once; a foreign root key is refused before anything is written', async () => {
  const db = await createDatabase({ migrated: false });
  const [own, foreign] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
  const login = `letsping_${randomBytes(4).toString('hex')}`;
  const env = {
    DATABASE_URL: db.owner_url,
    LETSPING_APP_LOGIN: login,
    LETSPING_APP_PASSWORD: 'pass word/:@',
    LETSPING_ROOT_KEY: own,
  };
  const first = JSON.parse((await run(migrate, ['--first-project', 'acme', '--json'], env)).out);
  expect(first).toMatchObject({ app_login: login, project: { admin_api_key: expect.stringMatching(/^lp_live_/) } });
  const url = new URL(db.owner_url);
  Object.assign(url, { username: login, password: encodeURIComponent('pass word/:@') });
  expect(
    (await examine({ DATABASE_URL: url.href, LETSPING_ROOT_KEY: own })).of('root key opens the data'),
  ).toMatchObject({ state: 'ok', detail: '1 project opened' });
  const again = await run(migrate, ['--first-project', 'acme', '--json'], env);
  expect(JSON.parse(again.out)).toEqual({ applied: [], app_login: login });
  expect(again.err).toContain('there is already a project');
  const refused = await run(migrate, ['--first-project', 'other'], { ...env, LETSPING_ROOT_KEY: foreign });
  expect(refused).toMatchObject({ code: 1, failure: { code: 'start_refused' } });
  expect((await run(migrate, [], { DATABASE_URL: '' })).failure?.code).toBe('configuration');
  await db.drop();
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: system.database.owner_url });
  await client.connect();
  await client.query(`drop role ${login}`).finally(() => client.end());
});
