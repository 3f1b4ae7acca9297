import { type Request, type Response, Router } from 'express';
import { isId } from '../../crypto/ids.ts';
import type { ListedSession, SessionStore } from '../../domain/access/ports.ts';
import { isSameOwner } from '../../domain/access/same-owner.ts';
import { DomainError } from '../../domain/errors.ts';
import { actorOf, principalOf, stateOf } from '../request-state.ts';
import { html } from './html.ts';
import { sendPage } from './layout.ts';
import { sameOrigin } from './same-origin.ts';
import { type SignedInDeps, signedIn } from './signed-in.ts';
import { when } from './when.ts';

export interface OwnSessionDeps extends SignedInDeps {
  sessions: SessionStore;
}

const row = ({ session }: ListedSession, isThis: boolean) => html`<li class="card">
<p>${isThis ? 'This session' : 'Another session'}, since ${when(session.created_at)}, until ${when(session.expires_at)}.
${session.key_id === null ? 'Signed in by a one-time link.' : html`Signed in by the key <code>${session.key_id}</code>.`}</p>
<form method="post" action="/sessions/${session.id}/end"><button class="quiet" type="submit">End it</button></form>
</li>`;

/** The sessions of the signed-in person, who can end each of them. */
export function ownSessionRoutes({ sessions, ...access }: OwnSessionDeps): Router {
  const router = Router();

  router.get('/sessions', signedIn(access), async (_req, res) => {
    const principal = principalOf(res);
    const all = await sessions.listSessions(principal.project_id);
    const own = all.filter(({ session }) => session.authentic && isSameOwner(session.owner, principal.owner));
    const current = stateOf(res).grant?.session_id;
    sendPage(res, 200, {
      title: 'Sessions',
      principal,
      main: html`<div class="narrow"><h1>Your sessions</h1>
<ul class="list">${own.map((listed) => row(listed, listed.session_id === current))}</ul>
<p><a href="/">To the inbox</a></p></div>`,
    });
  });

  router.post(
    '/sessions/:id/end',
    sameOrigin(access.publicUrl),
    signedIn(access, () => '/sessions'),
    async (req: Request, res: Response) => {
      const { project_id, owner } = principalOf(res);
      const id = String(req.params['id']);
      const ended = isId('ses', id) ? await sessions.endSession(project_id, id, actorOf(res), owner) : undefined;
      if (!ended) throw new DomainError('not_found', 'There is no such session.');
      res.set('Cache-Control', 'no-store').redirect(303, '/sessions');
      access.grants.sessionEnded(ended.session_id);
    },
  );
  return router;
}
