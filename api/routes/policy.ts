import { Router } from 'express';
import { Policy } from '../../contracts/policy.ts';
import { principalOf, requirePermission } from '../middleware/authenticate.ts';
import { jsonBody } from '../middleware/json-body.ts';
import type { ApprovalStore } from '../ports.ts';

/** The project's policy, one document. Each PUT is a new version; what was decided under an older one stays decided. */
export function policyRoutes({ store }: { store: ApprovalStore }): Router {
  const router = Router();
  router.get('/policy', requirePermission('policy:manage'), async (_req, res) => {
    res.json(await store.policy(principalOf(res).project_id));
  });
  router.put('/policy', requirePermission('policy:manage'), jsonBody('256kb'), async (req, res) => {
    const { project_id, owner } = principalOf(res);
    res.json(await store.putPolicy(project_id, Policy.parse(req.body), owner));
  });
  return router;
}
