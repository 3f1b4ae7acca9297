import { Router } from 'express';
import type { RequestLister } from '../../domain/approval/ports.ts';
import { principalOf } from '../request-state.ts';
import { cursorOf, parseCursor } from '../routes/cursor.ts';
import { type Inbox, inboxSentence, inboxView } from './inbox.ts';
import { sendPage } from './layout.ts';
import { type SignedInDeps, signedIn } from './signed-in.ts';

const PAGE_SIZE = 50;
const MAX_UNKNOWN = 20;

export interface InboxDeps extends SignedInDeps {
  requests: RequestLister;
}

export function inboxRoutes({ requests, ...signIn }: InboxDeps): Router {
  const router = Router();
  router.get(['/', '/requests'], signedIn(signIn), async (req, res) => {
    const principal = principalOf(res);
    const cursor = typeof req.query['cursor'] === 'string' ? req.query['cursor'] : undefined;
    const { project_id } = principal;
    const [pending, unknown] = await Promise.all([
      requests.list(project_id, { status: 'pending', limit: PAGE_SIZE, after: parseCursor(cursor) }),
      cursor === undefined && requests.list(project_id, { permit: 'unknown', limit: MAX_UNKNOWN }),
    ]);
    const { items: rows, refused, next } = pending;
    const inbox: Inbox = {
      rows,
      unknown: unknown ? unknown.items : [],
      refused: refused.length,
      next: next ? cursorOf(next) : null,
      first: cursor === undefined,
    };
    sendPage(res, 200, {
      title: rows.length === 0 ? 'Inbox' : `Inbox (${rows.length}${inbox.next === null ? '' : '+'})`,
      principal,
      main: inboxView(inbox),
      live: {
        kind: 'inbox',
        self: cursor === undefined ? '/' : `/?cursor=${encodeURIComponent(cursor)}`,
        announce: inboxSentence(inbox),
      },
    });
  });
  return router;
}
