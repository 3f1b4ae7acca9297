import { AuditPage, AuditQuery } from '../../contracts/audit.ts';
import { spanMs } from '../../contracts/span.ts';
import type { AuditStore } from '../../domain/acts/ports.ts';
import { type Route, route } from '../route.ts';

/** Who gave or took authority in the project, and from where. */
export const auditRoutes = ({ acts }: { acts: AuditStore }): Route[] => [
  route({
    method: 'get',
    path: '/api/audit',
    summary: 'Administrative acts, newest first, and what is wrong with their chain',
    access: 'audit:read',
    query: AuditQuery,
    answers: { 200: AuditPage },
    async handler({ principal, query: { limit, before, since } }) {
      const since_ms = since === undefined ? undefined : spanMs(since);
      return { status: 200, body: await acts.audit(principal.project_id, { limit, before, since_ms }) };
    },
  }),
];
