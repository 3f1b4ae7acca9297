import type { ContextTrust } from '../../contracts/action.ts';
import type { Permission, Role } from '../../contracts/key.ts';
import { isSameOwner } from './same-owner.ts';

/** No role both creates and decides: an agent's key never decides, not even one that an approver owns. */
const PERMISSIONS: Record<Role, readonly Permission[]> = {
  agent: ['approval:create', 'approval:read', 'approval:cancel', 'approval:execute'],
  approver: ['approval:read', 'approval:decide', 'permit:close'],
  admin: [
    ...(['approval:read', 'approval:decide', 'permit:close', 'approval:cancel'] as const),
    ...(['policy:manage', 'policy:loosen', 'key:manage', 'audit:read'] as const),
  ],
};

/** Who may do what: a role, and a part of its permissions; null: all of them. */
export interface Authority {
  role: Role;
  permissions: readonly Permission[] | null;
}

/** What a key lists beyond its role does not count. */
export const permissionsOf = ({ role, permissions }: Authority): readonly Permission[] =>
  permissions === null ? PERMISSIONS[role] : PERMISSIONS[role].filter((one) => permissions.includes(one));

export const mayDo = (who: Authority, permission: Permission): boolean => permissionsOf(who).includes(permission);

/** Whether any key of the role may. */
export const roleMayDo = (role: Role, permission: Permission): boolean => PERMISSIONS[role].includes(permission);

/**
 * What a maker of keys may not give: of the permissions that their own role has, those that their key lacks. Without this, a key
 * without `policy:loosen` makes itself one that has it. What only agents do is given by everybody who makes keys.
 */
export const notToGive = (maker: Authority, key: Authority): Permission[] =>
  permissionsOf(key).filter((one) => roleMayDo(maker.role, one) && !mayDo(maker, one));

/**
 * Who knows the secret of a new key beside its owner: its maker, or who made the maker's own key. The attacker makes an admin's key for
 * somebody else, and with it a second one for the same owner. Null: nobody.
 */
export const madeBy = (maker: Pick<Principal, 'owner' | 'made_by'>, owner: string): string | null =>
  [maker.made_by, maker.owner].find((one): one is string => one !== null && !isSameOwner(one, owner)) ?? null;

/** The authenticated caller. `key_id` is its identity for idempotency. */
export interface Principal extends Authority {
  project_id: string;
  owner: string;
  key_id: string;
  /** The services that an agent's key may name; null: any. */
  services: string[] | null;
  /** How far the context of its calls counts. */
  context_trust: ContextTrust;
  /** The owner who made the key, where that is another person. */
  made_by: string | null;
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
