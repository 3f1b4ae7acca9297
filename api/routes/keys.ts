import { Router } from 'express';
import { CreateKeyBody } from '../../contracts/key.ts';
import { newApiKey } from '../../crypto/api-key.ts';
import { isId } from '../../crypto/ids.ts';
import type { KeyStore } from '../../domain/access/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import { principalOf, requirePermission } from '../middleware/authenticate.ts';
import type { Once } from '../middleware/idempotency-key.ts';
import { jsonBody } from '../middleware/json-body.ts';

/** API keys of the project. A key is shown in the answer that makes it, and nowhere else. */
export function keyRoutes({
  keys,
  once,
  environment,
}: {
  keys: KeyStore;
  once: Once;
  environment: 'live' | 'test';
}): Router {
  const router = Router();
  const managed = requirePermission('key:manage');

  router.get('/keys', managed, async (_req, res) => {
    res.json({ items: await keys.listKeys(principalOf(res).project_id) });
  });

  router.post('/keys', managed, ...jsonBody('256kb'), async (req, res) => {
    const body = CreateKeyBody.parse(req.body);
    if (body.services && body.role !== 'agent')
      throw new DomainError('invalid_value', 'Only an agent key speaks for services.', {
        errors: [{ pointer: '/services', detail: 'not for this role' }],
      });
    await once(req, res, 'keys', 'key', async (id) => {
      const { api_key, secret_sha256 } = newApiKey(id, environment);
      const key = await keys.createKey(principalOf(res).project_id, id, body, secret_sha256);
      return { status: 201, body: { ...key, api_key } };
    });
  });

  router.delete('/keys/:id', managed, async (req, res) => {
    const id = String(req.params.id);
    const revoked = isId('key', id) ? await keys.revokeKey(principalOf(res).project_id, id) : undefined;
    if (!revoked) throw new DomainError('not_found', 'There is no such key.');
    res.json(revoked);
  });

  return router;
}
