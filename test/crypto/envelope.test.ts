import { createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { gcm } from '@noble/ciphers/webcrypto.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { newApiKey, parseApiKey } from '../../crypto/api-key.ts';
import { newKey, SealBroken, seal, unseal, unwrapKey, wrapKey } from '../../crypto/envelope.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';

const text = new TextEncoder().encode('attack at dawn');
const context = ['prj_a', 'request', 'req_1'] as const;

describe('sealing', () => {
  test('unseals with the same key and context only', async () => {
    const key = newKey();
    const sealed = await seal(key, context, text);
    expect(await unseal(key, context, sealed)).toEqual(text);
    expect(sealed.length).toBe(text.length + 81);
    await expect(unseal(newKey(), context, sealed)).rejects.toThrow(SealBroken);
    await expect(unseal(key, ['prj_b', 'request', 'req_1'], sealed)).rejects.toThrow(SealBroken);
    await expect(unseal(key, ['prj_a', 'request', 'req_2'], sealed)).rejects.toThrow(SealBroken);
    await expect(unseal(key, ['prj_a', 'requestreq', '_1'], sealed)).rejects.toThrow(SealBroken);
  });

  test('refuses altered bytes, truncated bytes, and plaintext', async () => {
    const key = newKey();
    const sealed = await seal(key, context, text);
    for (let i = 0; i < sealed.length; i++) {
      const altered = Uint8Array.from(sealed);
      altered[i]! ^= 1;
      await expect(unseal(key, context, altered)).rejects.toThrow(SealBroken);
    }
    for (const cut of [0, 1, 33, 65, 80, sealed.length - 1])
      await expect(unseal(key, context, sealed.subarray(0, cut))).rejects.toThrow(SealBroken);
    await expect(unseal(key, context, text)).rejects.toThrow(SealBroken);
  });

  test('is AES-256-GCM with a key from HMAC-SHA-512 of salt and context, as node:crypto computes it', async () => {
    const key = newKey();
    const sealed = await seal(key, context, text);
    const block = createHmac('sha512', key)
      .update(Uint8Array.of(3))
      .update(sealed.subarray(1, 33))
      .update(JSON.stringify(['letsping/v1', ...context]))
      .digest();
    expect(sealed.subarray(33, 65)).toEqual(block.subarray(32));
    const decipher = createDecipheriv('aes-256-gcm', block.subarray(0, 32), Buffer.alloc(12));
    decipher.setAuthTag(sealed.subarray(-16));
    expect(Buffer.concat([decipher.update(sealed.subarray(65, -16)), decipher.final()])).toEqual(Buffer.from(text));
  });

  test('sealing the same object twice uses two keys, and neither unseals the other object', async () => {
    const key = newKey();
    const [one, other] = [await seal(key, context, text), await seal(key, context, text)];
    for (const [from, to] of [
      [0, 33], // salt
      [0, 65], // salt and commitment
      [33, 65], // commitment
      [65, one.length], // ciphertext
    ] as const) {
      const mixed = Buffer.from(one);
      mixed.set(other.subarray(from, to), from);
      await expect(unseal(key, context, mixed)).rejects.toThrow(SealBroken);
    }
  });

  test('a wrapped key is unwrapped in its own context only', () => {
    const [wrapping, key] = [newKey(), newKey()];
    const wrapped = wrapKey(wrapping, key, ['a']);
    expect(unwrapKey(wrapping, wrapped, ['a'])).toEqual(key);
    expect(() => unwrapKey(wrapping, wrapped, ['b'])).toThrow(SealBroken);
    expect(() => unwrapKey(newKey(), wrapped, ['a'])).toThrow(SealBroken);
  });

  test('an object of one project cannot be unsealed in another', async () => {
    const root = parseRootKey(randomBytes(32).toString('base64'));
    const wrapped = new Map<string, ReturnType<ReturnType<typeof createKeyring>['wrapProjectKey']>>();
    const keyring = createKeyring(root, { project: async (id) => wrapped.get(id), issuers: async () => [] });
    for (const id of ['prj_a', 'prj_b']) wrapped.set(id, keyring.wrapProjectKey(id));
    const [a, b] = [await keyring.sealer('prj_a'), await keyring.sealer('prj_b')];
    const sealed = await a.seal(['x'], { secret: 1 });
    expect(await a.unseal(['x'], sealed)).toEqual({ secret: 1 });
    await expect(b.unseal(['x'], sealed)).rejects.toThrow(SealBroken);
    wrapped.set('prj_c', wrapped.get('prj_a')!);
    await expect(keyring.sealer('prj_c')).rejects.toThrow(SealBroken);
    await expect(keyring.sealer('prj_none')).rejects.toThrow(/no key/);
    await expect(unseal(newKey(), ['x'], sealed)).rejects.toThrow(SealBroken);
  });
});

describe('sealing in pieces', () => {
  test.each([0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 3 * 1024 * 1024 + 17])(
    '%i bytes are what WebCrypto makes of them',
    async (length) => {
      const [key, plain] = [newKey(), Uint8Array.from(randomBytes(length))];
      const sealed = await seal(key, context, plain);
      const input = Buffer.concat([sealed.subarray(0, 33), Buffer.from(JSON.stringify(['letsping/v1', ...context]))]);
      const block = hmac(sha512, key, Uint8Array.from(input));
      const theirs = gcm(block.subarray(0, 32), new Uint8Array(12));
      expect(Buffer.compare(sealed.subarray(33, 65), block.subarray(32))).toBe(0);
      expect(Buffer.compare(sealed.subarray(65), await theirs.encrypt(plain))).toBe(0);
      expect(Buffer.compare(await unseal(key, context, sealed), plain)).toBe(0);
      sealed[sealed.length - 1]! ^= 1;
      await expect(unseal(key, context, sealed)).rejects.toThrow(SealBroken);
    },
  );

  test('no two keys are equal', () => {
    const seen = Array.from({ length: 2_000 }, () => Buffer.from(newKey()).toString('hex'));
    expect(new Set(seen).size).toBe(2_000);
  });
});

describe('root key', () => {
  test.each([
    ['', 'empty'],
    ['password', 'short'],
    [Buffer.alloc(32).toString('base64'), 'zeros'],
    [Buffer.from([...Array(32).keys()]).toString('base64'), 'an example'],
    [Buffer.from('abcabcabcabcabcabcabcabcabcabcab').toString('base64'), 'a pattern'],
    [randomBytes(31).toString('base64'), '31 bytes'],
  ])('%j is refused: %s', (key) =>
    expect(() => parseRootKey(key)).toThrow(/LETSPING_ROOT_KEY .*openssl rand -base64 32/),
  );
  test('is base64 or base64url, with or without padding, and no other spelling', () => {
    const bytes = Buffer.from([0xfb, 0xff, 0xfe, ...randomBytes(28), 0]);
    const [text, url] = [bytes.toString('base64'), bytes.toString('base64url')];
    const bare = text.slice(0, -1);
    for (const good of [text, bare, url, `${url}=`, ` ${text}\n`])
      expect(Buffer.from(parseRootKey(good).bytes)).toEqual(bytes);
    const lenient = [
      bare.replace('/', '_'),
      `${bare.slice(0, -1)}B`,
      `${text}=`,
      `${bare.slice(0, 9)}*${bare.slice(9)}`,
    ];
    for (const bad of lenient) {
      expect(Buffer.from(bad, 'base64')).toEqual(bytes);
      expect(() => parseRootKey(bad)).toThrow(/is not 32 bytes of base64/);
    }
  });
  test('a refusal never shows the key', () => {
    const weak = Buffer.from('hunter2hunter2hunter2hunter2hunt').toString('base64');
    expect(() => parseRootKey(weak)).toThrow(expect.objectContaining({ message: expect.not.stringContaining(weak) }));
  });
});

describe('API keys', () => {
  test('parse back, and a typo is found without a query', () => {
    const { api_key, secret_sha256 } = newApiKey(newId('key'), 'test');
    expect(parseApiKey(api_key)?.secret_sha256).toEqual(secret_sha256);
    expect(
      parseApiKey(`${api_key.slice(0, 50)}${api_key[50] === 'x' ? 'y' : 'x'}${api_key.slice(51)}`),
    ).toBeUndefined();
    expect(parseApiKey('')).toBeUndefined();
  });
});
