import type { Response } from 'express';
import { html, type Markup } from './html.ts';
import { sendPage } from './layout.ts';

export interface SignIn {
  /** The target after signing in: a path of this site. */
  next: string;
  /** A one-time link, to be confirmed: its token, and the proof that this browser opened it. */
  link?: { once: string; opened: string };
  /** Why the last attempt failed. */
  refused?: string;
}

const keyForm = ({ next }: SignIn): Markup => html`<form class="stack" method="post" action="/login">
  <input type="hidden" name="next" value="${next}">
  <label for="api_key">API key of an approver or an admin</label>
  <input id="api_key" name="api_key" type="password" required autocomplete="current-password" spellcheck="false" placeholder="lp_…">
  <button class="primary" type="submit">Sign in</button>
</form>`;

/** Opening the link does not use it: mail scanners and link previews open links, and it works only once. */
const linkForm = (
  next: string,
  { once, opened }: NonNullable<SignIn['link']>,
): Markup => html`<p>You opened a one-time link. Use the button to sign in; it works once.</p>
<form class="stack" method="post" action="/login">
  <input type="hidden" name="next" value="${next}">
  <input type="hidden" name="once" value="${once}">
  <input type="hidden" name="opened" value="${opened}">
  <button class="primary" type="submit">Sign in</button>
</form>`;

/** Reveals nothing about the requested page: it is the same whether that page exists or not. */
export const sendSignIn = (res: Response, status: number, signIn: SignIn): void =>
  sendPage(res, status, {
    title: 'Sign in',
    main: html`<div class="narrow card">
<h1>Sign in</h1>
${signIn.refused !== undefined && html`<p class="notice refused" role="alert">${signIn.refused}</p>`}
${
  signIn.link === undefined
    ? html`<p>Approvals are for people. Open a one-time sign-in link, or use your key.</p>${keyForm(signIn)}`
    : linkForm(signIn.next, signIn.link)
}
</div>`,
  });
