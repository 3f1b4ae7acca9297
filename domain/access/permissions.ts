import type { Role } from '../../contracts/key.ts';
import { isSameOwner } from './same-owner.ts';

export type Permission =
  | 'approval:create'
  | 'approval:read'
  | 'approval:decide'
  | 'approval:cancel'
  | 'approval:execute'
  | 'policy:manage'
  | 'policy:loosen'
  | 'key:manage';

/** No role both creates and decides: an agent's key never decides, not even one that an approver owns. */
const PERMISSIONS: Record<Role, readonly Permission[]> = {
  agent: ['approval:create', 'approval:read', 'approval:cancel', 'approval:execute'],
  approver: ['approval:read', 'approval:decide'],
  admin: ['approval:read', 'approval:decide', 'approval:cancel', 'policy:manage', 'policy:loosen', 'key:manage'],
};

export const mayDo = (role: Role, permission: Permission): boolean => PERMISSIONS[role].includes(permission);

/** The authenticated caller. `key_id` is its identity for idempotency. */
export interface Principal {
  project_id: string;
  owner: string;
  role: Role;
  key_id: string;
  /** The services that an agent's key may name; null: any. */
  services: string[] | null;
  via: 'key' | 'session';
}

/**
 * An agent's key sees the requests of its owner, in its services: a new key of a rotation takes over those of the old one. People see all
 * of the project.
 */
export const maySee = (
  { role, owner, services }: Pick<Principal, 'role' | 'owner' | 'services'>,
  request: { requested_by: string; service: string },
): boolean =>
  role !== 'agent' ||
  (isSameOwner(request.requested_by, owner) && (services === null || services.includes(request.service)));
