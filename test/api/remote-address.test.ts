import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { FORWARDED_FROM, remoteAddress } from '../../api/remote-address.ts';
import { newToken } from '../../crypto/api-key.ts';

const call = (remote: string | undefined, header?: string, proxies = '203.0.113.9') =>
  ({
    socket: { remoteAddress: remote },
    headers: { 'x-forwarded-for': proxies, ...(header !== undefined && { [FORWARDED_FROM]: header }) },
  }) as unknown as IncomingMessage;

test('the address is that of the connection, and the one of the main thread where its token proves it', () => {
  const { token } = newToken();
  expect(remoteAddress(call('::ffff:198.51.100.7'), undefined, 0)).toBe('198.51.100.7');
  expect(remoteAddress(call('2001:db8::1'), undefined, 0)).toBe('2001:db8::1');
  expect(remoteAddress(call(undefined), undefined, 0)).toBeNull();
  expect(remoteAddress(call('127.0.0.1', `${token} 198.51.100.7`), token, 0)).toBe('198.51.100.7');
  // The attacker sends the header: to the main thread, or to the other one without the token.
  expect(remoteAddress(call('192.0.2.1', ' 198.51.100.7'), undefined, 0)).toBe('192.0.2.1');
  for (const forged of ['198.51.100.7', ' 198.51.100.7', `${newToken().token} 198.51.100.7`, `${token}x 198.51.100.7`])
    expect(remoteAddress(call('127.0.0.1', forged), token, 0)).toBe('127.0.0.1');
});

test('behind trusted proxies the address is the one that the outermost of them saw', () => {
  const through = (proxies: string, trusted: number) =>
    remoteAddress(call('10.0.0.1', undefined, proxies), undefined, trusted);
  // The attacker's own entry comes first.
  const header = '203.0.113.66, 198.51.100.7,  10.0.0.2';
  expect([0, 1, 2].map((trusted) => through(header, trusted))).toEqual(['10.0.0.1', '10.0.0.2', '198.51.100.7']);
  expect(through('198.51.100.7', 5)).toBe('198.51.100.7');
  expect(through(' , ,', 1)).toBe('10.0.0.1');
});
