import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { audit } from '../../cli/commands/audit.ts';
import { keys } from '../../cli/commands/keys.ts';
import type { AuditAct } from '../../contracts/audit.ts';
import { ownerOf } from '../helpers/altered-rows.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { run } from './run.ts';

let system: TestSystem;
let folder: string;
let admin: NodeJS.ProcessEnv;
beforeAll(async () => {
  system = await createSystem();
  folder = mkdtempSync(join(tmpdir(), 'letsping-audit-'));
  admin = { LETSPING_BASE_URL: system.api.url, LETSPING_API_KEY: system.admin_api_key };
  await run(keys, ['create', '--name', 'x', '--owner', 'host-1', '--role', 'agent', '--host'], admin);
});
afterAll(async () => {
  await system?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('acts are listed, newest first: what, about what, by whom, from where', async () => {
  const { code, out, err } = await run(audit, [], admin);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const [titles, first, ...rest] = out.trimEnd().split('\n');
  expect(titles).toMatch(/^NUMBER +TIME +ACT +ABOUT +BY +FROM +DETAILS$/);
  expect(first).toMatch(
    /^5 +20\S+Z +key_created +key_\S+ +dev-admin \(key_\w+\) +api 127\.0\.0\.1 +owner host-1, role agent, context_trust full, made_by dev-admin$/,
  );
  expect(rest.at(-1)).toMatch(/^1 +20\S+Z +project_created +prj_\w+ +the terminal +terminal +name test$/);
  expect((await run(audit, ['--limit', '2', '--since', '1h'], admin)).out.trimEnd().split('\n')).toHaveLength(3);
});

test('an export has every act in its order, with the chain, and overwrites nothing', async () => {
  const file = join(folder, 'audit.jsonl');
  const { code, out, err } = await run(audit, ['--export', file], admin);
  expect([code, out, err]).toEqual([0, '', `5 acts are in ${file}.\n`]);
  const acts = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditAct);
  expect(acts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
  for (const [i, { previous_mac }] of acts.entries()) expect(previous_mac).toBe(acts[i - 1]?.mac ?? null);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await run(audit, ['--export', file], admin)).toMatchObject({
    code: 2,
    err: expect.stringContaining('EEXIST'),
  });
});

test('wrong options are exit code 2, and an approver may not read', async () => {
  for (const args of [
    ['--limit', '0'],
    ['--limit', 'all'],
    ['--since', 'yesterday'],
  ])
    expect(await run(audit, args, admin)).toMatchObject({ code: 2 });
  const approver = { ...admin, LETSPING_API_KEY: system.approver_api_key };
  expect(await run(audit, [], approver)).toMatchObject({ code: 1, failure: { code: 'forbidden' } });
});

test('a chain that does not verify is said, and is exit code 1', async () => {
  const owner = await ownerOf(system.database);
  const restore = await owner.alter('admin_acts', 'actor', 'number = 5');
  const { code, out, err } = await run(audit, [], admin);
  expect([code, err]).toEqual([1, expect.stringContaining('act 5 was changed')]);
  expect(out).toMatch(/NOT AUTHENTIC key_created/);
  expect(JSON.parse((await run(audit, ['--json'], admin)).out)).toMatchObject({ fault: expect.any(String) });
  await restore();
  await owner.end();
});
