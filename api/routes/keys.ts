import { ApiKey, CreatedKey, CreateKeyBody, KeyList } from '../../contracts/key.ts';
import { newApiKey } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';
import { madeBy, mayDo, notToGive, type Principal, roleMayDo } from '../../domain/access/permissions.ts';
import type { KeyStore } from '../../domain/access/ports.ts';
import { ownerRefusal } from '../../domain/access/same-owner.ts';
import { DomainError } from '../../domain/errors.ts';
import { type Route, route } from '../route.ts';

export interface KeyRouteDeps {
  keys: KeyStore;
  environment: 'live' | 'test';
}

/** The permissions of a new key: of its role, and none that its maker lacks. @throws DomainError */
function refusePermissions(maker: Principal, { role, permissions, context_trust }: CreateKeyBody): void {
  // A context that counts in full lets an agent's calls through which the policy holds.
  if (context_trust === 'full' && !mayDo(maker, 'policy:loosen'))
    throw new DomainError('forbidden', 'The key of a host program loosens verdicts: this needs policy:loosen.');
  const foreign = permissions?.find((one) => !roleMayDo(role, one));
  if (foreign !== undefined)
    throw new DomainError('invalid_value', `The role ${role} has no permission ${foreign}.`, {
      errors: [{ pointer: '/permissions', detail: 'not for this role' }],
    });
  const lacking = notToGive(maker, { role, permissions: permissions ?? null });
  if (lacking.length > 0)
    throw new DomainError(
      'forbidden',
      `This key cannot give what it was made without: ${lacking.join(', ')}. List the permissions of the new key.`,
    );
}

/** API keys of the project. The answer that creates a key is the only one that shows it; a repeat under its `Idempotency-Key` has the id. */
export const keyRoutes = ({ keys, environment }: KeyRouteDeps): Route[] => [
  route({
    method: 'get',
    path: '/api/keys',
    summary: 'List API keys',
    access: 'key:manage',
    answers: { 200: KeyList },
    handler: async ({ principal }) => ({ status: 200, body: { items: await keys.listKeys(principal.project_id) } }),
  }),

  route({
    method: 'post',
    path: '/api/keys',
    summary: 'Create an API key; it is shown once',
    access: 'key:manage',
    body: { schema: CreateKeyBody, limit: '256kb' },
    idempotent: { scope: 'keys', creates: 'key', secret: ['api_key'] },
    answers: { 201: CreatedKey },
    refusals: ['invalid_value'],
    async handler({ principal, actor, body, new_id }) {
      if (body.services && body.role !== 'agent')
        throw new DomainError('invalid_value', 'Only an agent key can be limited to services.', {
          errors: [{ pointer: '/services', detail: 'not for this role' }],
        });
      if (body.context_trust === 'full' && body.role !== 'agent')
        throw new DomainError('invalid_value', 'Only an agent key carries a context.', {
          errors: [{ pointer: '/context_trust', detail: 'not for this role' }],
        });
      refusePermissions(principal, body);
      const { project_id } = principal;
      const owners = (await keys.listKeys(project_id)).map((key) => key.owner);
      const refusal = ownerRefusal(body.owner, owners);
      if (refusal !== undefined)
        throw new DomainError('invalid_value', 'This owner cannot have a key.', {
          errors: [{ pointer: '/owner', detail: refusal }],
        });
      const made_by = madeBy(principal, body.owner);
      for (let id = new_id; ; id = newId('key')) {
        const { api_key, secret_sha256 } = newApiKey(id, environment);
        const key = await keys.createKey(project_id, id, { ...body, made_by }, secret_sha256, actor);
        if (key) return { status: 201, body: { ...key, api_key } };
        // An attempt under the same Idempotency-Key made this one, and died before its answer: nobody has its secret.
        await keys.revokeKey(project_id, id, actor);
      }
    },
  }),

  route({
    method: 'delete',
    path: '/api/keys/{id}',
    summary: 'Revoke an API key',
    access: 'key:manage',
    params: { id: { prefix: 'key', noun: 'key' } },
    answers: { 200: ApiKey },
    async handler({ principal, actor, params }) {
      const revoked = await keys.revokeKey(principal.project_id, params.id, actor);
      if (!revoked) throw new DomainError('not_found', 'There is no such key.');
      return { status: 200, body: revoked };
    },
  }),
];
