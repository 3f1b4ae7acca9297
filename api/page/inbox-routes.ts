import { Router } from 'express';
import type { IdentityStore } from '../../domain/access/ports.ts';
import type { RequestLister } from '../../domain/approval/ports.ts';
import { principalOf } from '../request-state.ts';
import { cursorOf, parseCursor } from '../routes/cursor.ts';
import { type Inbox, inboxSentence, inboxView } from './inbox.ts';
import { sendPage } from './layout.ts';
import { signedIn } from './signed-in.ts';

const PAGE_SIZE = 50;

export interface InboxDeps {
  requests: RequestLister;
  identities: IdentityStore;
  publicUrl: () => string;
}

export function inboxRoutes({ requests, identities, publicUrl }: InboxDeps): Router {
  const router = Router();
  router.get(['/', '/requests'], signedIn(identities, publicUrl), async (req, res) => {
    const principal = principalOf(res);
    const cursor = typeof req.query['cursor'] === 'string' ? req.query['cursor'] : undefined;
    const found = await requests.list(principal.project_id, {
      status: 'pending',
      limit: PAGE_SIZE + 1,
      after: parseCursor(cursor),
    });
    const rows = found.slice(0, PAGE_SIZE);
    const last = rows.at(-1);
    const inbox: Inbox = {
      rows,
      next: found.length > rows.length && last ? cursorOf(last) : null,
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
