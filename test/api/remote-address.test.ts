import type { Request } from 'express';
import { expect, test } from 'vitest';
import { FORWARDED_FROM, remoteAddress } from '../../api/remote-address.ts';
import { newToken } from '../../crypto/api-key.ts';

const call = (remote: string | undefined, header?: string) =>
  ({
    ip: remote,
    headers: { 'x-forwarded-for': '203.0.113.9', ...(header !== undefined && { [FORWARDED_FROM]: header }) },
  }) as unknown as Request;

test('the address is that of the connection, and the one of the main thread where its token proves it', () => {
  const { token } = newToken();
  expect(remoteAddress(call('::ffff:198.51.100.7'), undefined)).toBe('198.51.100.7');
  expect(remoteAddress(call('2001:db8::1'), undefined)).toBe('2001:db8::1');
  expect(remoteAddress(call(undefined), undefined)).toBeNull();
  expect(remoteAddress(call('127.0.0.1', `${token} 198.51.100.7`), token)).toBe('198.51.100.7');
  // The attacker sends the header: to the main thread, or to the other one without the token.
  expect(remoteAddress(call('192.0.2.1', ' 198.51.100.7'), undefined)).toBe('192.0.2.1');
  for (const forged of ['198.51.100.7', ' 198.51.100.7', `${newToken().token} 198.51.100.7`, `${token}x 198.51.100.7`])
    expect(remoteAddress(call('127.0.0.1', forged), token)).toBe('127.0.0.1');
});
