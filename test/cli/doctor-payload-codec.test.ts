import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { payloadCodec } from '../../cli/doctor/payload-codec.ts';
import { loadConfig } from '../../runtime/config.ts';

const dir = mkdtempSync(join(tmpdir(), 'letsping-codec-'));
afterAll(() => rmSync(dir, { recursive: true }));
const checked = (file?: string) =>
  payloadCodec(
    loadConfig({
      DATABASE_URL: 'postgres://a:b@127.0.0.1:5432/c',
      LETSPING_ROOT_KEY: Buffer.alloc(32).toString('base64'),
      ...(file !== undefined && { LETSPING_PAYLOAD_CODEC: file }),
    }),
  );
const module = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

test('a codec that reads what it wrote is well, and without a codec nothing is checked', async () => {
  const strict = fileURLToPath(new URL('../faults/strict-codec.mjs', import.meta.url));
  expect(await checked(strict)).toMatchObject([{ check: 'payload codec', state: 'ok' }]);
  expect(await checked()).toEqual([]);
});

test('a codec that cannot write, does not read what it wrote, or is not there, fails the check', async () => {
  const encode = 'encode: async (all) => all.map((one) => ({ ...one, metadata: { encoding: Buffer.from("x") } }))';
  for (const file of [
    module('no-read.mjs', `export default { ${encode}, decode: async () => { throw new Error('no key'); } };`),
    module(
      'no-write.mjs',
      "export default { encode: async () => { throw new Error('no key'); }, decode: async (a) => a };",
    ),
    module('empty.mjs', ''),
    join(dir, 'missing.mjs'),
  ])
    expect(await checked(file)).toMatchObject([{ check: 'payload codec', state: 'fail', fix: expect.any(String) }]);
});
