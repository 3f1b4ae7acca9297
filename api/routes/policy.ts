import { z } from 'zod/v4';
import { Policy, PolicyVersion } from '../../contracts/policy.ts';
import { PolicyLog, PolicyLogQuery, PolicyReason } from '../../contracts/policy-change.ts';
import { PolicySimulation, PolicySimulationBody } from '../../contracts/policy-simulation.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import type { Actor } from '../../domain/acts/act.ts';
import type { PolicyStore } from '../../domain/policy/ports.ts';
import { type Route, route } from '../route.ts';

export interface PolicyRouteDeps {
  store: Pick<PolicyStore, 'policy' | 'policyLog'>;
  putPolicy: (principal: Principal, by: Actor, policy: Policy, reason: string | undefined) => Promise<PolicyVersion>;
  simulatePolicy: (project_id: string, body: PolicySimulationBody) => Promise<PolicySimulation>;
}

/** The query carries any text. The header is Latin-1, for clients that cannot set a query. */
const ReasonQuery = z.strictObject({ reason: PolicyReason.optional() });
const REASON_HEADER = 'X-Letsping-Reason';

/** The project's policy, one document. Each PUT writes a new version; decisions made under an older one stay as they are. */
export const policyRoutes = ({ store, putPolicy, simulatePolicy }: PolicyRouteDeps): Route[] => [
  route({
    method: 'get',
    path: '/api/policy',
    summary: 'The current policy',
    access: 'policy:manage',
    answers: { 200: PolicyVersion },
    handler: async ({ principal }) => ({ status: 200, body: await store.policy(principal.project_id) }),
  }),

  route({
    method: 'put',
    path: '/api/policy',
    summary: 'Write the next version of the policy; one that loosens needs a reason, in the query or the header',
    access: 'policy:manage',
    query: ReasonQuery,
    headers: { [REASON_HEADER]: PolicyReason },
    body: { schema: Policy, limit: '256kb' },
    answers: { 200: PolicyVersion },
    refusals: ['invalid_value'],
    async handler({ principal, actor, query, headers, body }) {
      return { status: 200, body: await putPolicy(principal, actor, body, query.reason ?? headers[REASON_HEADER]) };
    },
  }),

  route({
    method: 'get',
    path: '/api/policy/versions',
    summary: 'What each version of the policy changed, newest first',
    access: 'policy:manage',
    query: PolicyLogQuery,
    answers: { 200: PolicyLog },
    async handler({ principal, query }) {
      return { status: 200, body: await store.policyLog(principal.project_id, query.limit, query.before) };
    },
  }),

  route({
    method: 'post',
    path: '/api/policy/simulate',
    summary: 'Verdicts of recorded requests under another policy; nothing is changed',
    access: 'policy:manage',
    body: { schema: PolicySimulationBody, limit: '256kb' },
    answers: { 200: PolicySimulation },
    refusals: ['invalid_value'],
    handler: async ({ principal, body }) => ({ status: 200, body: await simulatePolicy(principal.project_id, body) }),
  }),
];
