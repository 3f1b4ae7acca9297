import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { doctor } from '../../cli/commands/doctor.ts';
import { keys } from '../../cli/commands/keys.ts';
import { policy } from '../../cli/commands/policy.ts';
import { newId } from '../../crypto/ids.ts';
import { acrossProjects } from '../../storage/db/transaction.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { run } from './run.ts';

/** The attacker writes to the database and has no root key. An operator sees in words what is refused. */
let system: TestSystem;
let admin: NodeJS.ProcessEnv;
beforeAll(async () => {
  system = await createSystem({ policy: { default_routing: 'review_all' } });
  admin = { LETSPING_BASE_URL: `${system.api.url}/api`, LETSPING_API_KEY: system.admin_api_key };
});
afterAll(() => system.stop());

const sql = (text: string, values: unknown[]) =>
  acrossProjects(system.database.pool, (tx) => tx.query<any>(text, values));
const examined = async () => {
  const { code, out } = await run(doctor, ['--json'], system.env);
  const found = JSON.parse(out).findings.find(({ check }: { check: string }) => check === 'keys and policies');
  return { code, ...found };
};

test('keys list, policy log, policy show and doctor say which rows are refused', async () => {
  expect(await examined()).toMatchObject({
    state: 'ok',
    detail: '3 API keys and 1 policy versions pass their authenticity check',
  });
  expect((await run(keys, ['list'], admin)).out).not.toContain('not authentic');

  const id = newId('key');
  await sql(
    `insert into api_keys (id, project_id, name, owner, role, secret_sha256, created_at) values ($1, $2, 'x', 'cfo', 'admin', $3, now())`,
    [id, system.project_id, randomBytes(32)],
  );
  await sql(
    `insert into policies (project_id, version, digest, document, created_by, created_at) values ($1, 2, 'sha256:0', '{}', 'cfo', now())`,
    [system.project_id],
  );

  const listed = await run(keys, ['list'], admin);
  expect(listed.out).toMatch(new RegExp(`^${id} .*not authentic, refused$`, 'm'));
  expect(listed.out.match(/not authentic/g)).toHaveLength(1);
  const log = await run(policy, ['log'], admin);
  expect(log.out).toMatch(/^version 2 .*\n {2}not authentic: /m);
  expect(log.out.match(/not authentic/g)).toHaveLength(1);
  expect(await run(policy, ['show'], admin)).toMatchObject({
    code: 1,
    failure: { code: 'not_authentic' },
    err: expect.stringContaining('letsping doctor'),
  });
  expect(await examined()).toMatchObject({
    code: 1,
    state: 'fail',
    detail: `refused, because they were not written by the server: API key ${id} (owner cfo), policy version 2 of ${system.project_id}`,
    fix: expect.stringContaining('backup'),
  });
});
