import type { Request, Response } from 'express';

/** `__Host-` binds the cookie to this host and to TLS. Plain HTTP (loopback in development) cannot use it. */
const nameFor = (secure: boolean) => (secure ? '__Host-letsping' : 'letsping');
export const SESSION_HOURS = 12;

export function sessionToken(req: Request): string | undefined {
  const cookies = (req.get('cookie') ?? '').split(';').map((part) => part.trim());
  for (const name of [nameFor(true), nameFor(false)]) {
    const found = cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
    if (found !== undefined && /^[A-Za-z0-9_-]{43}$/.test(found)) return found;
  }
  return undefined;
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
