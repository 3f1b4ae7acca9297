import { type RequestHandler, Router } from 'express';
import { html } from '../page/html.ts';
import { sendPage } from '../page/layout.ts';
import { DOCUMENTS } from './documents.ts';

/** Ten minutes: a page changes with a release only, and keeps its address. */
const CACHED = 'public, max-age=600';

const send: RequestHandler<{ name?: string }> = ({ params: { name = '' } }, res) => {
  const page = DOCUMENTS.get(name);
  if (page !== undefined) {
    res.set('Cache-Control', CACHED).type('html').send(page);
    return;
  }
  sendPage(res, 404, {
    title: 'No such document',
    main: html`<div class="narrow"><h1>No such document</h1><p role="alert">There is no document ${name}.</p><p><a href="/docs">All documents</a></p></div>`,
  });
};

/** The documents of this release, for everyone: no key, no session, no script. */
export function docsRoutes(): Router {
  const router = Router();
  router.get('/docs', send);
  router.get('/docs/:name', send);
  return router;
}
