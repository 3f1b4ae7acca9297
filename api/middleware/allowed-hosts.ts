import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { DomainError } from '../../domain/errors.ts';

/**
 * Rejects a request without an API key whose Host is not ours. The attacker is a site whose name resolves to this server (DNS
 * rebinding): its page would act with the session of the person who has it open. Browsers do not send keys, so a request with
 * a key may use any Host.
 * @throws DomainError `not_found`
 */
export function checkHost(publicUrl: () => string, req: IncomingMessage): void {
  const { host, port } = new URL(publicUrl());
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].map((name) => (port ? `${name}:${port}` : name));
  if (![host, ...loopback].includes((req.headers.host ?? '').toLowerCase()))
    throw new DomainError(
      'not_found',
      'There is nothing here under this host name. Set LETSPING_PUBLIC_URL to the address people use.',
    );
}

/** For pages, which take no keys. */
export const allowedHosts =
  (publicUrl: () => string): RequestHandler =>
  (req, _res, next) => {
    checkHost(publicUrl, req);
    next();
  };
