import type { Role } from '../../contracts/key.ts';

export type Permission =
  | 'approval:create'
  | 'approval:read'
  | 'approval:decide'
  | 'approval:cancel'
  | 'approval:execute'
  | 'policy:manage'
  | 'policy:loosen'
  | 'key:manage';

/** Who may do what. Creating and deciding never meet in one role: an agent's key decides nothing, whoever owns it. */
const PERMISSIONS: Record<Role, readonly Permission[]> = {
  agent: ['approval:create', 'approval:read', 'approval:cancel', 'approval:execute'],
  approver: ['approval:read', 'approval:decide'],
  admin: ['approval:read', 'approval:decide', 'approval:cancel', 'policy:manage', 'policy:loosen', 'key:manage'],
};

export const mayDo = (role: Role, permission: Permission): boolean => PERMISSIONS[role].includes(permission);

/** Whoever is authenticated, by key or by session. `key_id` is the caller's identity for idempotency and for what it opened. */
export interface Principal {
  project_id: string;
  owner: string;
  role: Role;
  key_id: string;
  /** What an agent's key may speak for; null: anything. */
  services: string[] | null;
  via: 'key' | 'session';
}

/** An agent's key sees what that key opened; people see the project. */
export const maySee = (principal: Principal, request: { key_id: string }): boolean =>
  principal.role !== 'agent' || request.key_id === principal.key_id;
