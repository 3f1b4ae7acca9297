import type { IngestBody } from '../../contracts/action.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { DomainError } from '../../domain/errors.ts';

const REQUESTABLE_ROLES = ['approver', 'admin'];

/**
 * What the caller states about itself can only tighten the screening. A member that this release does not support is refused, not ignored.
 * @throws DomainError
 */
export function checkCaller(principal: Principal, body: IngestBody): void {
  if (principal.services && !principal.services.includes(body.service)) {
    throw new DomainError(
      'forbidden',
      `This key may not speak for the service ${JSON.stringify(body.service)}. Its services are fixed in the key.`,
    );
  }
  const role = body.metadata?.role;
  if (role !== undefined && !REQUESTABLE_ROLES.includes(role)) {
    throw new DomainError(
      'invalid_value',
      `No approver has the role ${JSON.stringify(role)}: ask for ${REQUESTABLE_ROLES.join(' or ')}.`,
      { errors: [{ pointer: '/metadata/role', detail: 'unknown role' }] },
    );
  }
  if (body.metadata?.callback_url !== undefined) {
    throw new DomainError(
      'invalid_value',
      'callback_url is not served: no callback host is registered for this project. Read the status, or the events.',
      { errors: [{ pointer: '/metadata/callback_url', detail: 'not a registered host' }] },
    );
  }
}
