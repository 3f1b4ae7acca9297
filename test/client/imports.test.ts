import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { browserBundle } from '../helpers/browser-bundle.ts';

const SOURCES = /^(?:client|domain|contracts|node_modules\/(?:safe-stable-stringify|@noble\/hashes))\//;

test('the client imports neither the server nor anything that only Node has', async () => {
  const { files, nodeModules } = await browserBundle('client/index.ts');

  expect(files).toContain('domain/digest.ts');
  expect(files.filter((file) => !SOURCES.test(file))).toEqual([]);
  expect(nodeModules).toEqual([]);
});

test('the client is small, and uses no global of Node but a guarded process', async () => {
  const { code } = await browserBundle('client/index.ts');

  expect(code).not.toMatch(/\b(?:Buffer|setImmediate|__dirname)\b|\brequire\(/);
  expect(gzipSync(code).length).toBeLessThan(15 * 1024);
});
