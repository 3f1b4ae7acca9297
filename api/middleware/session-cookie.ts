import type { IncomingMessage } from 'node:http';
import { parseCookie } from 'cookie';
import type { Response } from 'express';

export const SESSION_HOURS = 12;

export const isSecure = (publicUrl: string): boolean => publicUrl.startsWith('https:');

interface TokenCookie {
  /** Undefined when there is none, or its content is not a token. */
  read(req: IncomingMessage): string | undefined;
  set(res: Response, token: string, maxAge: number): void;
}

const nameFor = (name: string, secure: boolean) => (secure ? `__Host-${name}` : name);
const ATTRIBUTES = { httpOnly: true, sameSite: 'lax', path: '/' } as const;

/**
 * A cookie that holds a token. `__Host-` binds it to this host and to TLS; plain HTTP (loopback in development) cannot use it. The attacker
 * is a page on a sibling domain: it can set `letsping` for this host, but not `__Host-letsping`, so under TLS the plain name counts for
 * nothing. Of two cookies with one name the first counts, which is that of the longer path.
 */
export const tokenCookie = (plainName: string, secure: boolean): TokenCookie => {
  const name = nameFor(plainName, secure);
  return {
    read(req) {
      const found = parseCookie(req.headers.cookie ?? '', { decode: (text) => text })[name];
      return found !== undefined && /^[A-Za-z0-9_-]{43}$/.test(found) ? found : undefined;
    },
    set: (res, token, maxAge) => void res.cookie(name, token, { ...ATTRIBUTES, secure, maxAge }),
  };
};

const SESSION = 'letsping';

export const sessionToken = (req: IncomingMessage, secure: boolean): string | undefined =>
  tokenCookie(SESSION, secure).read(req);

export const setSession = (res: Response, token: string, secure: boolean): void =>
  tokenCookie(SESSION, secure).set(res, token, SESSION_HOURS * 3_600_000);

export function clearSession(res: Response): void {
  for (const secure of [true, false]) res.clearCookie(nameFor(SESSION, secure), { ...ATTRIBUTES, secure });
}
