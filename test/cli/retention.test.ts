import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doctor } from '../../cli/commands/doctor.ts';
import { retention } from '../../cli/commands/retention.ts';
import { createFirstProject } from '../../storage/access/bootstrap.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { run } from './run.ts';

const rootKey = randomBytes(32).toString('base64');
let db: TestDatabase;
let env: NodeJS.ProcessEnv;
const project = (name: string) => createFirstProject({ databaseUrl: db.app_url, rootKey, name, environment: 'test' });
beforeAll(async () => {
  db = await createDatabase();
  env = { DATABASE_URL: db.app_url, LETSPING_ROOT_KEY: rootKey };
});
afterAll(() => db.drop());

test('the retention time is set per project, shown, audited and taken back', async () => {
  expect((await run(retention, ['list'], env)).out).toBe('There is no project yet.\n');
  const { project_id } = await project('one');
  const list = async () => (await run(retention, ['list'], env)).out;
  expect(await list()).toMatch(/payloads are kept without a limit/);
  expect(await run(retention, ['set', '90'], env)).toMatchObject({
    code: 0,
    out: `${project_id}: payloads are removed 90 days after the outcome\n`,
  });
  expect(await list()).toMatch(/^prj_\S+ +payloads are removed 90 days after the outcome +\S+Z$/m);
  expect((await run(doctor, [], env)).out).toContain(`payloads of closed requests are kept 90 days in ${project_id}`);

  const second = (await project('two')).project_id;
  expect(await run(retention, ['set', '30'], env)).toMatchObject({ code: 2 });
  expect(await run(retention, ['set', '30', '--project', second, '--json'], env)).toMatchObject({
    code: 0,
    out: `${JSON.stringify({ project_id: second, days: 30 })}\n`,
  });
  expect(await run(retention, ['set', 'unlimited', '--project', second], env)).toMatchObject({ code: 0 });
  const { rows } = await db.asOwner(
    "select project_id, details->>'days' as days from admin_acts where kind = 'retention_set' order by created_at",
  );
  expect(rows).toEqual([
    { project_id, days: '90' },
    { project_id: second, days: '30' },
    { project_id: second, days: null },
  ]);
});

test('what is no number of days is exit code 2, and sets nothing', async () => {
  for (const days of ['0', '-1', '30d', '1e2', '36501', '', ' 5', 'never'])
    expect(await run(retention, ['set', '--', days], env)).toMatchObject({ code: 2 });
  expect(await run(retention, ['set', '30', '--project', 'prj_x'], env)).toMatchObject({ code: 2 });
});
