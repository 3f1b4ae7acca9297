import type { Request, Response } from 'express';
import { newToken, sameSecret, tokenHash } from '../../crypto/api-key.ts';
import { isSecure, tokenCookie } from '../middleware/session-cookie.ts';

/** As long as a link counts. */
const MAX_AGE_MS = 15 * 60_000;
const COOKIE = 'letsping-link';

const proofOf = (browser: string, once: string) => tokenHash(`${browser} ${once}`);

/**
 * Binds the form of a one-time link to the browser that opened the link: a token in a cookie, and its hash with the link's in the form.
 * The attacker reads a form, or has the person's browser post a link of theirs. One who has the link itself can open it: it works once,
 * for 15 minutes.
 */
export function bindLink(req: Request, res: Response, publicUrl: string, once: string): string {
  const cookie = tokenCookie(COOKIE, isSecure(publicUrl));
  const browser = cookie.read(req) ?? newToken().token;
  cookie.set(res, browser, MAX_AGE_MS);
  return proofOf(browser, once).toString('base64url');
}

/** Whether this browser opened the link before. */
export function isBound(req: Request, publicUrl: string, once: string, opened: string): boolean {
  const browser = tokenCookie(COOKIE, isSecure(publicUrl)).read(req);
  return browser !== undefined && sameSecret(proofOf(browser, once), Buffer.from(opened, 'base64url'));
}
