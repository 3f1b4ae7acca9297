import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';

/** `__Host-` binds the cookie to this host and to TLS. Plain HTTP (loopback in development) cannot use it. */
const nameFor = (secure: boolean) => (secure ? '__Host-letsping' : 'letsping');
export const SESSION_HOURS = 12;

export const isSecure = (publicUrl: string): boolean => publicUrl.startsWith('https:');

/**
 * The token in the cookie that `setSession` sets for this scheme. The attacker is a page on a sibling domain: it can set `letsping`
 * for this host, but not `__Host-letsping`, so under TLS the plain name counts for nothing. Of two cookies with one name the
 * first counts, which is that of the longer path.
 */
export function sessionToken(req: Request, secure: boolean): string | undefined {
  const found = parseCookie(req.get('cookie') ?? '', { decode: (text) => text })[nameFor(secure)];
  return found !== undefined && /^[A-Za-z0-9_-]{43}$/.test(found) ? found : undefined;
}

export function setSession(res: Response, token: string, secure: boolean): void {
  res.cookie(nameFor(secure), token, {
    httpOnly: true,
    sameSite: 'lax',
    secure,
    path: '/',
    maxAge: SESSION_HOURS * 3_600_000,
  });
}

export function clearSession(res: Response): void {
  for (const secure of [true, false])
    res.clearCookie(nameFor(secure), { httpOnly: true, sameSite: 'lax', secure, path: '/' });
}
