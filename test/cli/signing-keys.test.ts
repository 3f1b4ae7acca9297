import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signingKeys } from '../../cli/commands/signing-keys.ts';
import { verify } from '../../cli/commands/verify.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { createSigner } from '../../crypto/signing.ts';
import { createFirstProject } from '../../storage/access/bootstrap.ts';
import { currentIssuerKey, publishedKeys } from '../../storage/keys/issuer-keys.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';
import { sampleReceipt } from '../receipts/sample.ts';
import { run } from './run.ts';

const rootKey = randomBytes(32).toString('base64');
let db: TestDatabase;
let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  db = await createDatabase();
  folder = mkdtempSync(join(tmpdir(), 'letsping-signing-keys-'));
  env = { DATABASE_URL: db.app_url, LETSPING_ROOT_KEY: rootKey };
  for (const name of ['one', 'two'])
    await createFirstProject({ databaseUrl: db.app_url, rootKey, name, environment: 'test' });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await db.drop();
});
const keyring = () => createKeyring(parseRootKey(rootKey), storedKeys(db.pool));

test('keys are listed, rotated, retired and revoked, with an act in every project, and verify says so', async () => {
  expect((await run(signingKeys, ['list'], env)).out).toMatch(/^There is no signing key yet/);
  const first = await currentIssuerKey(db.pool, keyring());
  const receipt = await (await createSigner(first)).sign((await sampleReceipt()).statement);
  expect((await run(signingKeys, ['list'], env)).out).toMatch(new RegExp(`^${first.kid} +signs +-$`, 'm'));

  const rotated = await run(signingKeys, ['rotate', '--json'], env);
  const { kid } = JSON.parse(rotated.out);
  expect((await run(signingKeys, ['list'], env)).out).toMatch(
    new RegExp(`^${kid} +signs +-\n${first.kid} +retired +\\S+Z$`, 'm'),
  );
  expect(await run(signingKeys, ['retire', '--', first.kid], env)).toMatchObject({
    code: 0,
    out: `${first.kid} is retired: it signs no new receipts.\n`,
  });
  expect(await run(signingKeys, ['revoke', '--reason', 'laptop stolen', '--', first.kid], env)).toMatchObject({
    code: 0,
    err: '',
  });
  expect((await run(signingKeys, ['list'], env)).out).toMatch(
    new RegExp(`^${first.kid} +revoked +\\S+Z: laptop stolen$`, 'm'),
  );
  const { rows } = await db.asOwner(
    "select kind, count(*)::int as n, count(distinct project_id)::int as projects from admin_acts where kind like 'signing%' group by 1 order by 1",
  );
  expect(rows).toEqual(
    ['created', 'retired', 'revoked'].map((what) => ({ kind: `signing_key_${what}`, n: 2, projects: 2 })),
  );

  const [file, keys] = [join(folder, 'r'), join(folder, 'k')];
  writeFileSync(file, receipt);
  writeFileSync(keys, JSON.stringify({ keys: await publishedKeys(db.pool, keyring()) }));
  const { code, out } = await run(verify, [file, '--keys', keys]);
  expect([code, out]).toEqual([3, expect.stringContaining('NOT valid: its signing key is revoked')]);
  expect(out).toMatch(/^FAILED {2}revocation .*laptop stolen/m);
});

test('wrong arguments are exit code 2', async () => {
  for (const args of [
    ['retire', 'nobody'],
    ['revoke', 'nobody', '--reason', 'x'],
    ['revoke', 'x', '--reason', ' '],
    ['revoke', 'x'],
  ])
    expect(await run(signingKeys, args, env)).toMatchObject({ code: 2 });
});
