import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import type { Verification } from '../../receipts/index.ts';
import { browserBundle } from '../helpers/browser-bundle.ts';
import { sampleReceipt } from './sample.ts';

/** Globals of a browser, as far as verification uses them. Node's own (`Buffer`, `process`, `require`) are absent. */
const BROWSER_GLOBALS = {
  crypto,
  CryptoKey,
  TextEncoder,
  TextDecoder,
  URL,
  atob,
  btoa,
  Uint8Array,
  ArrayBuffer,
};

test('the verifier imports no module that only Node has, not even through a package', async () => {
  const { files, nodeModules } = await browserBundle('receipts/index.ts');

  expect(files).toContain('receipts/verify.ts');
  expect(files.some((file) => file.startsWith('node_modules/jose/'))).toBe(true);
  expect(nodeModules).toEqual([]);
});

test('an import that only Node has is found where it is several files away', async () => {
  const { nodeModules } = await browserBundle('crypto/signing.ts');

  expect(nodeModules).toEqual(expect.arrayContaining([expect.stringMatching(/crypto\/signing\.ts: node:crypto$/)]));
});

test('the verifier runs with the globals of a browser alone', async () => {
  const { code } = await browserBundle('receipts/index.ts', 'iife');
  const { key, receipt, statement } = await sampleReceipt();
  const verify = new Script(`${code}; (...args) => bundle.verifyReceipt(...args)`).runInNewContext({
    ...BROWSER_GLOBALS,
  }) as (token: string, keys: object[]) => Promise<Verification>;

  expect(await verify(receipt, [key.public_jwk])).toMatchObject({ valid: true, statement });
  expect(await verify(`${receipt.slice(0, -4)}AAAA`, [key.public_jwk])).toMatchObject({ valid: false });
});
