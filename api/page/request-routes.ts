import { type Request, type Response, Router } from 'express';
import { Decision } from '../../contracts/decision.ts';
import { ClosePermitBody } from '../../contracts/permit.ts';
import { isId, newId } from '../../crypto/ids.ts';
import { mayDo, type Principal } from '../../domain/access/permissions.ts';
import type { HistoryView } from '../../domain/approval/ports.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Decided } from '../operations/decision-attempt.ts';
import { detailOf } from '../operations/views.ts';
import { principalOf, stateOf } from '../request-state.ts';
import type { Draft } from './decide-forms.ts';
import type { PageDeps } from './deps.ts';
import { field, form } from './form.ts';
import { pageText, sendText } from './layout.ts';
import { readPatch } from './patch-text.ts';
import { type PageRefusal, refusalOf, refused } from './refusal.ts';
import { type RequestPage, requestPage } from './request.ts';
import { sameOrigin } from './same-origin.ts';
import { signedIn } from './signed-in.ts';

const pathOf = (id: string) => `/requests/${id}`;

/** The part of the page that shows the result of a decision. */
function suffixOf({ status, body }: Decided): string {
  if (status !== 202) return '#outcome';
  return body.status === 'recorded' ? `?recorded=${body.decision_id}` : '#proposal';
}

/** The decision of a form, or why the form has none. */
function decisionOf(req: Request): Decision | PageRefusal {
  const [type, payload_digest] = [field(req, 'type'), field(req, 'payload_digest')];
  const patch = type === 'patch' ? readPatch(field(req, 'patched_payload')) : undefined;
  if (patch && !patch.ok) return refused(422, patch.problem);
  const stated = {
    type,
    payload_digest,
    ...(type === 'reject' && { reason: field(req, 'reason').replaceAll('\r\n', '\n') }),
    ...(patch && { patched_payload: patch.payload }),
  };
  const parsed = Decision.safeParse(stated);
  if (parsed.success) return parsed.data;
  const reasonFails = parsed.error.issues.some(({ path }) => path[0] === 'reason');
  return refused(
    400,
    reasonFails
      ? 'A rejection needs a reason of at most 4,096 characters.'
      : 'The form is incomplete. Reload the request and decide again.',
  );
}

const draftOf = (req: Request): Draft => {
  const [reason, patch_text] = [field(req, 'reason'), field(req, 'patched_payload')];
  return { ...(reason !== '' && { reason }), ...(patch_text !== '' && { patch_text }) };
};

/** A larger page is rendered on another thread. */
const MAX_HERE = 16 * 1024;

/** Who wrote what may take long to render: they are turned away, and others are not. */
const authorOf = ({ request, proposal }: HistoryView, { key_id }: Principal, draft: Draft): string =>
  draft.patch_text === undefined ? (proposal?.by ?? request.key_id) : key_id;

export function requestRoutes({ requests, decide, closePermit, render, ...signIn }: PageDeps): Router {
  const router = Router();
  const { publicUrl } = signIn;

  const read = async ({ project_id }: Principal, id: string): Promise<HistoryView> => {
    const view = isId('req', id) ? await requests.history(project_id, id) : undefined;
    if (!view) throw new DomainError('not_found', 'There is no such approval request.');
    return view;
  };

  const send = async (
    res: Response,
    id: string,
    status: number,
    draft: Draft,
    shown: { refusal?: PageRefusal; recorded?: boolean } = {},
  ) => {
    const principal = principalOf(res);
    const view = await read(principal, id);
    const { refusal } = shown;
    const page: RequestPage = {
      request: detailOf(view),
      receipt: view.receipt ?? '',
      principal,
      publicUrl: publicUrl(),
      draft,
      ...(refusal && { refusal }),
      recorded: shown.recorded === true,
    };
    const json = JSON.stringify(page);
    const text =
      json.length <= MAX_HERE ? pageText(requestPage(page)) : await render(authorOf(view, principal, draft), json);
    sendText(res, status, text ?? pageText(requestPage({ ...page, unshown: true })));
  };

  router.get('/requests/:id', signedIn(signIn), async (req, res) => {
    const principal = principalOf(res);
    const id = String(req.params.id);
    const named = req.query['recorded'];
    const recorded =
      typeof named === 'string' &&
      (await read(principal, id)).decisions.some((row) => row.id === named && row.actor === principal.owner);
    await send(res, id, 200, {}, { recorded });
  });

  /** Reloading the answer of a form, or returning to it after signing in, shows the request. */
  router.get(['/requests/:id/decision', '/requests/:id/preview', '/requests/:id/permit'], (req, res) => {
    res.redirect(303, pathOf(encodeURIComponent(String(req.params.id))));
  });

  const written = [
    sameOrigin(publicUrl),
    signedIn(signIn, (url) => url.replace(/\/(?:decision|preview|permit)$/, '')),
    form('256kb'),
  ];

  router.post('/requests/:id/preview', written, async (req: Request, res: Response) => {
    await send(res, String(req.params['id']), 200, draftOf(req));
  });

  router.post('/requests/:id/decision', written, async (req: Request, res: Response) => {
    const id = String(req.params['id']);
    const principal = principalOf(res);
    await read(principal, id);
    const stated = decisionOf(req);
    let refusal: PageRefusal;
    if ('sentence' in stated) refusal = stated;
    else {
      try {
        const decided = await decide(principal, id, stated, newId('dec'), 'console', () => stateOf(res).grant?.check());
        res.set('Cache-Control', 'no-store').redirect(303, `${pathOf(id)}${suffixOf(decided)}`);
        return;
      } catch (error) {
        refusal = refusalOf(error);
        if (error instanceof DomainError && error.details.retry_after !== undefined)
          res.set('Retry-After', String(error.details.retry_after));
      }
    }
    await send(res, id, refusal.status, draftOf(req), { refusal });
  });

  router.post('/requests/:id/permit', written, async (req: Request, res: Response) => {
    const id = String(req.params['id']);
    const principal = principalOf(res);
    if (!mayDo(principal, 'permit:close')) throw new DomainError('forbidden', 'Your key may not close permits.');
    await read(principal, id);
    const stated = ClosePermitBody.safeParse({
      closed_as: field(req, 'closed_as'),
      attempt: Number(field(req, 'attempt')),
    });
    let refusal = refused(400, 'The form is incomplete. Reload the request.');
    if (stated.success) {
      try {
        await closePermit(principal, id, stated.data);
        res.set('Cache-Control', 'no-store').redirect(303, `${pathOf(id)}#outcome`);
        return;
      } catch (error) {
        refusal = refusalOf(error);
      }
    }
    await send(res, id, refusal.status, {}, { refusal });
  });

  return router;
}
