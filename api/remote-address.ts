import type { IncomingMessage } from 'node:http';
import { sameSecret, tokenHash } from '../crypto/api-key.ts';

/** From where a call came, of the main thread to the thread for large bodies: `<token of this process> <address>`. */
export const FORWARDED_FROM = 'x-letsping-forwarded-from';

/**
 * The address at the other end of the caller's connection. The attacker sends the header too, through the public port or to the loopback port of
 * the thread: it counts on the thread alone, and with the token that this process made. A proxy's `X-Forwarded-For` is not read.
 */
export function remoteAddress(req: IncomingMessage, token: string | undefined): string | null {
  const given = token === undefined ? undefined : req.headers[FORWARDED_FROM];
  const [of, address] = typeof given === 'string' ? given.split(' ') : [];
  const isOurs = token !== undefined && of !== undefined && sameSecret(tokenHash(of), tokenHash(token));
  const found = isOurs ? address : req.socket.remoteAddress;
  return found?.replace(/^::ffff:/, '') || null;
}
