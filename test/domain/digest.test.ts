import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '../../crypto/sha256.ts';
import { payloadDigest, saltBytes, saltText } from '../../domain/digest.ts';

test('is SHA-256 over salt and RFC 8785 bytes, as anybody can compute', () => {
  const salt = Buffer.alloc(32, 7);
  const text = '{"action":"sql","payload":{"a":1e+30,"b":[1,2.5,"\u20ac"],"z":null},"service":"db"}';
  const expected = `sha256:${createHash('sha256').update(salt).update(text).digest('hex')}`;
  expect(payloadDigest(salt, { service: 'db', action: 'sql', payload: { z: null, b: [1, 2.5, '€'], a: 1e30 } })).toBe(
    expected,
  );
});

test('the order of keys does not matter, anything else does', () => {
  const salt = randomBytes(32);
  const digest = (payload: Record<string, unknown>) => payloadDigest(salt, { service: 's', action: 'a', payload });
  expect(digest({ a: 1, b: { c: 2, d: 3 } })).toBe(digest({ b: { d: 3, c: 2 }, a: 1 }));
  expect(digest({ a: 1 })).not.toBe(digest({ a: '1' }));
  expect(payloadDigest(randomBytes(32), { service: 's', action: 'a', payload: {} })).not.toBe(digest({}));
});

test('the digest does not depend on the implementation of SHA-256', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (value, salt) => {
      const action = { service: 's', action: 'a', payload: { value } };
      expect(payloadDigest(salt, action, sha256)).toBe(payloadDigest(salt, action));
    }),
  );
});

test('a salt travels as base64url and back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (salt) => {
      expect(saltText(salt)).toBe(Buffer.from(salt).toString('base64url'));
      expect(saltBytes(saltText(salt))).toEqual(salt);
    }),
  );
  expect(() => saltBytes('short')).toThrow(RangeError);
  expect(() => saltBytes('+'.repeat(43))).toThrow(RangeError);
});

test('a salt has one spelling, so that two texts never name the same salt', () => {
  const text = saltText(Buffer.alloc(32, 255));
  expect(text.endsWith('_8')).toBe(true);
  for (const other of [
    `${text.slice(0, -1)}9`,
    `${text}=`,
    ` ${text.slice(1)}`,
    `${text}AAAA`,
    text.replaceAll('_', '/'),
  ])
    expect(() => saltBytes(other)).toThrow(RangeError);
});
