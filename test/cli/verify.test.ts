import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verify } from '../../cli/commands/verify.ts';
import { createSigner } from '../../crypto/signing.ts';
import { type SampleReceipt, sampleReceipt } from '../receipts/sample.ts';
import { run } from './run.ts';

let sample: SampleReceipt;
let receipt: string;
let keys: object[];
let folder: string;
beforeAll(async () => {
  sample = await sampleReceipt();
  receipt = sample.receipt;
  keys = [sample.key.public_jwk];
  folder = mkdtempSync(join(tmpdir(), 'letsping-verify-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

test('a genuine receipt is valid, and the output names approver and action', async () => {
  const { code, out } = await run(verify, [file('r', `${receipt}\n`), '--keys', file('k', JSON.stringify({ keys }))]);

  expect(code).toBe(0);
  expect(out.match(/^ok /gm)).toHaveLength(6);
  expect(out).toMatch(/billing-agent: refund\S*, by dev-agent on 2026-01-01T10:00:00.000Z/);
  expect(out).toMatch(/approved, by ana/);
  expect(out.endsWith('\nvalid\n')).toBe(true);
});

test('a receipt of a decision with a key that another person made says so', async () => {
  const statement = structuredClone(sample.statement);
  statement.predicate.decided.keys_made_by = { ana: 'dev-admin' };
  const signed = await (await createSigner(sample.key)).sign(statement);
  const { code, out } = await run(verify, [file('r', signed), '--keys', file('k', JSON.stringify({ keys }))]);
  expect([code, out]).toEqual([0, expect.stringMatching(/^key +ana used a key that dev-admin made$/m)]);
});

test('with --json the output is one document', async () => {
  const { out } = await run(verify, [file('r', receipt), '--keys', file('k', JSON.stringify({ keys })), '--json']);

  expect(JSON.parse(out)).toMatchObject({ valid: true, statement: sample.statement });
});

test('an invalid receipt is exit code 1, with the failed check and without its statement', async () => {
  const { code, out } = await run(verify, [file('r', receipt), '--keys', file('k', '{"keys":[]}')]);

  expect(code).toBe(1);
  expect(out).toMatch(/^FAILED {2}key .*none of the given keys has the kid/m);
  expect(out).not.toContain('dev-agent');
});

test.each([
  [[]],
  [['r']],
  [['r', '--keys', '/nowhere']],
  [['-', '--keys', '-']],
  [['r', '--keys', 'k', '--salt', 'x']],
  [['/nowhere', '--keys', 'k']],
])('wrong usage is exit code 2: %j', async (args) => {
  file('r', receipt);
  file('k', JSON.stringify({ keys }));
  const inFolder = args.map((arg) => (/^[rk]$/.test(arg) ? join(folder, arg) : arg));

  expect(await run(verify, inFolder)).toMatchObject({ code: 2, out: '' });
});
