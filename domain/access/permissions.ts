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

/** No role both creates and decides: an agent's key never decides, not even one that an approver owns. */
const PERMISSIONS: Record<Role, readonly Permission[]> = {
  agent: ['approval:create', 'approval:read', 'approval:cancel', 'approval:execute'],
  approver: ['approval:read', 'approval:decide'],
  admin: ['approval:read', 'approval:decide', 'approval:cancel', 'policy:manage', 'policy:loosen', 'key:manage'],
};

export const mayDo = (role: Role, permission: Permission): boolean => PERMISSIONS[role].includes(permission);

/** The authenticated caller. `key_id` is its identity for idempotency and for the requests that it opened. */
export interface Principal {
  project_id: string;
  owner: string;
  role: Role;
  key_id: string;
  /** The services that an agent's key may name; null: any. */
  services: string[] | null;
  via: 'key' | 'session';
}

/** An agent's key sees the requests that it opened; people see all of the project. */
export const maySee = (principal: Principal, request: { key_id: string }): boolean =>
  principal.role !== 'agent' || request.key_id === principal.key_id;
