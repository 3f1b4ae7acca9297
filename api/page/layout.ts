import type { Response } from 'express';
import type { Principal } from '../../domain/access/permissions.ts';
import { assetUrl } from './assets.ts';
import { html, type Markup } from './html.ts';

export interface Page {
  title: string;
  main: Markup;
  /** The signed-in person. */
  principal?: Principal | undefined;
  /** What the script refreshes, and from which address. */
  live?: {
    kind: 'inbox' | 'request';
    self: string;
    id?: string;
    status?: string;
    /** The waiting patch of a pending request: with another patch the page differs. */
    proposal?: string | undefined;
    announce: string;
  };
}

const bar = (principal: Principal | undefined) => html`<header class="bar">
  <a class="brand" href="/"><img src="${assetUrl('icon.svg')}" alt="" width="22" height="22">LetsPing</a>
  ${
    principal &&
    html`<a class="who" href="/sessions">${principal.owner} <span class="role">${principal.role}</span></a>
  <form method="post" action="/logout"><button class="quiet" type="submit">Sign out</button></form>`
  }
</header>`;

/** A page as a whole document. */
export const pageText = ({ title, main, principal, live }: Page): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · LetsPing</title>
<link rel="icon" type="image/svg+xml" href="${assetUrl('icon.svg')}">
<link rel="stylesheet" href="${assetUrl('style.css')}">
${live && html`<script type="module" src="${assetUrl('api/page/browser/page.js')}"></${'script'}>`}
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${bar(principal)}
<p id="live" class="visually-hidden" role="status" aria-live="polite"></p>
<main id="main" tabindex="-1"${
    live &&
    html` data-kind="${live.kind}" data-self="${live.self}" data-id="${live.id}" data-status="${live.status}" data-proposal="${live.proposal}" data-announce="${live.announce}"`
  }>${main}</main>
<footer class="foot"><a href="/docs">Documents</a></footer>
</body>
</html>
`.toString();

/** Sends a page. `no-store`: the content must not outlive the session. helmet's `no-referrer` keeps one-time links private. */
export function sendText(res: Response, status: number, text: string): void {
  res.status(status).set('Cache-Control', 'no-store');
  res.type('html').send(text);
}

export const sendPage = (res: Response, status: number, page: Page): void => sendText(res, status, pageText(page));

/** A page with one sentence about an error, and a link to the inbox. */
export const sendSentence = (
  res: Response,
  status: number,
  title: string,
  sentence: string,
  principal?: Principal,
): void =>
  sendPage(res, status, {
    title,
    principal,
    main: html`<div class="narrow"><h1>${title}</h1><p role="alert">${sentence}</p><p><a href="/">To the inbox</a></p></div>`,
  });
