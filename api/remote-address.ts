import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { sameSecret, tokenHash } from '../crypto/api-key.ts';

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

/**
 * The address at the other end of the caller's connection, or of the proxies that are trusted (`Config.trusted_proxies`). The attacker sends the
 * header too, through the public port or to the loopback port of the thread: it counts on the thread alone, and with the token that this
 * process made.
 */
export function remoteAddress(req: Pick<Request, 'headers' | 'ip'>, token: string | undefined): string | null {
  const found = (token === undefined ? undefined : forwardedFrom(req, token)) ?? req.ip;
  return found?.replace(/^::ffff:/, '') || null;
}
