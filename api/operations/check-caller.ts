import type { IngestBody } from '../../contracts/action.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { DomainError } from '../../domain/errors.ts';

const REQUESTABLE_ROLES = ['approver', 'admin'];

/** The sender of one of these relies on it: a forged signature, for example, would go unseen. */
const NOT_SERVED = {
  agent_id: 'This release does not sign in agents: the API key names the agent.',
  agent_signature: 'This release checks no signature of an agent: the API key names the agent.',
  state_snapshot: 'This release parks no state with a request.',
  role: 'It belongs in metadata.',
  callback_url: 'It belongs in metadata.',
} as const satisfies Partial<Record<keyof IngestBody, string>>;
type NotServed = keyof typeof NOT_SERVED;

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function refuse(name: string, detail: string): never {
  throw new DomainError('invalid_value', `${name} is refused, because nothing would read it. ${detail}`, {
    errors: [{ pointer: `/${name}`, detail }],
  });
}

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
  for (const [name, detail] of Object.entries(NOT_SERVED)) if (isGiven(body[name as NotServed])) refuse(name, detail);
  if (isGiven(body.project_id) && body.project_id !== principal.project_id)
    refuse('project_id', 'It is not the project of this key.');
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
