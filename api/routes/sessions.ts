import { SessionList, SignInSession } from '../../contracts/session.ts';
import type { SessionStore } from '../../domain/access/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Grants } from '../live/grants.ts';
import { type Route, route } from '../route.ts';

export interface SessionRouteDeps {
  sessions: SessionStore;
  grants: Pick<Grants, 'sessionEnded'>;
}

/** Sessions of the approval page. A person sees and ends their own on the page. */
export const sessionRoutes = ({ sessions, grants }: SessionRouteDeps): Route[] => [
  route({
    method: 'get',
    path: '/api/sessions',
    summary: 'List who is signed in',
    access: 'key:manage',
    answers: { 200: SessionList },
    async handler({ principal }) {
      const items = await sessions.listSessions(principal.project_id);
      return { status: 200, body: { items: items.map(({ session }) => session) } };
    },
  }),

  route({
    method: 'delete',
    path: '/api/sessions/{id}',
    summary: 'End a session',
    access: 'key:manage',
    params: { id: { prefix: 'ses', noun: 'session' } },
    answers: { 200: SignInSession },
    async handler({ principal, actor, params }) {
      const ended = await sessions.endSession(principal.project_id, params.id, actor);
      if (!ended) throw new DomainError('not_found', 'There is no such session.');
      grants.sessionEnded(ended.session_id);
      return { status: 200, body: ended.session };
    },
  }),
];
