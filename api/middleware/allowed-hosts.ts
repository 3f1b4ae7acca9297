import type { Request, RequestHandler } from 'express';
import { DomainError } from '../../domain/errors.ts';

/**
 * Whoever has no key may call only by the names we are reached by: another Host is a page of somebody else that had its name
 * resolved to us (DNS rebinding), and would speak with the session of whoever looks at it. A key is no browser's, so services may
 * call by any name.
 * @throws DomainError `not_found`
 */
export function checkHost(publicUrl: () => string, req: Request): void {
  const { host, port } = new URL(publicUrl());
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].map((name) => (port ? `${name}:${port}` : name));
  if (![host, ...loopback].includes((req.get('host') ?? '').toLowerCase()))
    throw new DomainError(
      'not_found',
      'There is nothing here under this host name. Set LETSPING_PUBLIC_URL to the address people use.',
    );
}

/** For pages: they know no keys. */
export const allowedHosts =
  (publicUrl: () => string): RequestHandler =>
  (req, _res, next) => {
    checkHost(publicUrl, req);
    next();
  };
