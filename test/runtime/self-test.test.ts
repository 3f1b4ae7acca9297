import { beforeAll, describe, expect, test } from 'vitest';
import { createSigner, newIssuerKey, type Signer } from '../../crypto/signing.ts';
import type { Parsers } from '../../domain/firewall/index.ts';
import { loadParsers } from '../../runtime/parsers.ts';
import { SelfTestFailed, selfTest, selfTestAfter } from '../../runtime/self-test.ts';

let parsers: Parsers;
let signer: Signer;
beforeAll(async () => {
  parsers = await loadParsers();
  signer = await createSigner(await newIssuerKey());
});

test('this installation passes', () => selfTest({ parsers }, signer));

test('a shell parser that parses nothing fails the self-test', async () => {
  const blind: Parsers = { ...parsers, shell: { parse: () => ({ type: 'Script' }) as never, children: () => [] } };
  await expect(selfTest({ parsers: blind }, signer)).rejects.toThrow(SelfTestFailed);
  await expect(selfTest({ parsers: blind }, signer)).rejects.toThrow(
    /finds nothing in ops\/run_shell and its verdict is allow; it must find shell\/destructive/,
  );
});

test('an SQL parser that throws fails it: its calls are held, but without their finding', async () => {
  const broken: Parsers = {
    ...parsers,
    sql: () => {
      throw new Error('no memory');
    },
  };
  await expect(selfTest({ parsers: broken }, signer)).rejects.toThrow(/data\/run_sql .*must find sql\/unbounded/);
});

test('a key that does not sign fails it', async () => {
  const none = { ...signer, sign: () => Promise.reject(new Error('no key')) };
  await expect(selfTest({ parsers }, none)).rejects.toThrow('no key');
});

const AT_ONCE = { first: 0, between: 0 };

describe('the rounds of a process that serves already', () => {
  const running = new AbortController().signal;

  test('a parser that becomes blind is found', async () => {
    let isBlind = false;
    const failing: Parsers = {
      ...parsers,
      shell: { ...parsers.shell!, children: (node) => (isBlind ? [] : parsers.shell!.children(node)) },
    };
    await selfTest({ parsers: failing }, signer);
    isBlind = true;
    await expect(selfTestAfter({ parsers: failing }, signer, running, AT_ONCE)).rejects.toThrow(SelfTestFailed);
  });

  test('a database that is away, without which nothing is signed, is no such finding', async () => {
    let calls = 0;
    const end = new AbortController();
    const away: Signer = {
      ...signer,
      sign: () => {
        if (++calls === 2) end.abort();
        return Promise.reject(new Error('no connection'));
      },
    };
    await selfTestAfter({ parsers }, away, end.signal, AT_ONCE);
    expect(calls).toBe(2);
  });
});
