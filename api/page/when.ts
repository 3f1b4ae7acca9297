import { html, type Markup } from './html.ts';
import { relative } from './relative.ts';

const utc = (instant: string) => `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;

/** `in 23 hours`, followed by the instant. The page's script updates the relative part. */
export const when = (instant: string): Markup =>
  html`<time datetime="${instant}" data-relative>${relative(instant, Date.now())}</time> <span class="absolute">${utc(instant)}</span>`;

/** Only the relative time, for a list; the instant is a tooltip. */
export const distance = (instant: string): Markup =>
  html`<time datetime="${instant}" title="${utc(instant)}" data-relative>${relative(instant, Date.now())}</time>`;
