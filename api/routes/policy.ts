import { type Request, Router } from 'express';
import { Policy, type PolicyVersion } from '../../contracts/policy.ts';
import { PolicyLogQuery, PolicyReason } from '../../contracts/policy-change.ts';
import { type PolicySimulation, PolicySimulationBody } from '../../contracts/policy-simulation.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { DomainError } from '../../domain/errors.ts';
import type { PolicyStore } from '../../domain/policy/ports.ts';
import { principalOf, requirePermission } from '../middleware/authenticate.ts';
import { jsonBody } from '../middleware/json-body.ts';

export interface PolicyRouteDeps {
  store: Pick<PolicyStore, 'policy' | 'policyLog'>;
  putPolicy: (principal: Principal, policy: Policy, reason: string | undefined) => Promise<PolicyVersion>;
  simulatePolicy: (project_id: string, body: PolicySimulationBody) => Promise<PolicySimulation>;
}

/** The query carries any text; the header, which is Latin-1 on the way, is for what cannot set a query. */
function reasonOf(req: Request): string | undefined {
  const given = req.query['reason'] ?? req.get('x-letsping-reason');
  if (given === undefined) return undefined;
  const reason = PolicyReason.safeParse(given);
  if (!reason.success) throw new DomainError('invalid_request', 'A reason is a text of 1 to 1,000 characters.');
  return reason.data;
}

/** The project's policy, one document. Each PUT is a new version; what was decided under an older one stays decided. */
export function policyRoutes({ store, putPolicy, simulatePolicy }: PolicyRouteDeps): Router {
  const router = Router();
  const manage = requirePermission('policy:manage');
  router.get('/policy', manage, async (_req, res) => {
    res.json(await store.policy(principalOf(res).project_id));
  });
  router.put('/policy', manage, ...jsonBody('256kb'), async (req, res) => {
    res.json(await putPolicy(principalOf(res), Policy.parse(req.body), reasonOf(req)));
  });
  router.get('/policy/versions', manage, async (req, res) => {
    const { limit, before } = PolicyLogQuery.parse(req.query);
    res.json(await store.policyLog(principalOf(res).project_id, limit, before));
  });
  router.post('/policy/simulate', manage, ...jsonBody('256kb'), async (req, res) => {
    res.json(await simulatePolicy(principalOf(res).project_id, PolicySimulationBody.parse(req.body)));
  });
  return router;
}
