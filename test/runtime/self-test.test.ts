import { beforeAll, expect, test } from 'vitest';
import { createSigner, newIssuerKey, type Signer } from '../../crypto/signing.ts';
import type { Parsers } from '../../domain/firewall/index.ts';
import { loadParsers } from '../../runtime/parsers.ts';
import { SelfTestFailed, selfTest } from '../../runtime/self-test.ts';

let parsers: Parsers;
let signer: Signer;
beforeAll(async () => {
  parsers = await loadParsers();
  signer = await createSigner(await newIssuerKey());
});

test('this installation passes', () => selfTest({ parsers }, signer));

test('a shell parser that reads nothing is found out', async () => {
  const blind: Parsers = { ...parsers, shell: { parse: () => ({ type: 'Script' }) as never, children: () => [] } };
  await expect(selfTest({ parsers: blind }, signer)).rejects.toThrow(SelfTestFailed);
  await expect(selfTest({ parsers: blind }, signer)).rejects.toThrow(
    /finds nothing in ops\/run_shell and says allow; it has to find shell\/destructive/,
  );
});

test('so is an SQL parser that fails: its calls are held, but not for what they do', async () => {
  const broken: Parsers = {
    ...parsers,
    sql: () => {
      throw new Error('no memory');
    },
  };
  await expect(selfTest({ parsers: broken }, signer)).rejects.toThrow(/data\/run_sql .*has to find sql\/unbounded/);
});

test('a key that does not sign ends it', async () => {
  const none = { ...signer, sign: () => Promise.reject(new Error('no key')) };
  await expect(selfTest({ parsers }, none)).rejects.toThrow('no key');
});
