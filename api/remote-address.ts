import type { IncomingMessage } from 'node:http';
import { sameSecret, tokenHash } from '../crypto/api-key.ts';
import { headerOf } from './header.ts';

/** From where a call came, of the main thread to the thread for large bodies: `<token of this process> <address>`. */
export const FORWARDED_FROM = 'x-letsping-forwarded-from';

/** The address that the main thread wrote; undefined when the call does not have its token. */
function forwardedFrom({ headers }: Pick<IncomingMessage, 'headers'>, token: string): string | undefined {
  const given = headers[FORWARDED_FROM];
  const [of, address = ''] = typeof given === 'string' ? given.split(' ') : [];
  return of !== undefined && sameSecret(tokenHash(of), tokenHash(token)) ? address : undefined;
}

/**
 * Whether the main thread forwarded the call, and has counted it. The attacker is a local process with a key, which finds the loopback port of
 * the thread: no limit of the main thread would hold there.
 */
export const isForwarded = (req: IncomingMessage, token: string): boolean => forwardedFrom(req, token) !== undefined;

/** Each proxy appends the address that it sees. The attacker's own entries come first, and those of trusted proxies are counted from the end. */
function behindProxies(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  trusted: number,
): string | undefined {
  if (trusted === 0) return socket.remoteAddress;
  const given = (headerOf({ headers }, 'x-forwarded-for') ?? '').split(',').map((one) => one.trim());
  const addresses = [socket.remoteAddress, ...given.filter((one) => one !== '').reverse()];
  return addresses[Math.min(trusted, addresses.length - 1)];
}

/**
 * The address at the other end of the caller's connection, or of the proxies that are trusted (`Config.trusted_proxies`). The attacker sends the
 * header too, through the public port or to the loopback port of the thread: it counts on the thread alone, and with the token that this
 * process made.
 */
export function remoteAddress(
  req: Pick<IncomingMessage, 'headers' | 'socket'>,
  token: string | undefined,
  trustedProxies: number,
): string | null {
  const found = (token === undefined ? undefined : forwardedFrom(req, token)) ?? behindProxies(req, trustedProxies);
  return found?.replace(/^::ffff:/, '') || null;
}
