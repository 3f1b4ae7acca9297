import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { browserBundle } from '../helpers/browser-bundle.ts';

const SOURCES = /^(?:client|domain|contracts|node_modules\/(?:safe-stable-stringify|@noble\/hashes|@scure\/base))\//;

test('the client imports no server code and no Node-only module', async () => {
  const { files, nodeModules } = await browserBundle('client/index.ts');

  expect(files).toContain('domain/digest.ts');
  expect(files.filter((file) => !SOURCES.test(file))).toEqual([]);
  expect(nodeModules).toEqual([]);
});

test('the client is small, and its only Node global is a guarded process', async () => {
  const { code } = await browserBundle('client/index.ts');

  expect(code).not.toMatch(/\b(?:Buffer|setImmediate|__dirname)\b|\brequire\(/);
  expect(gzipSync(code).length).toBeLessThan(15 * 1024);
});
