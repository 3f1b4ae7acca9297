import type { ListedRequest } from '../../domain/approval/record.ts';
import { html, type Markup, marked } from './html.ts';
import { distance } from './when.ts';

export interface Inbox {
  rows: ListedRequest[];
  /** Approved requests whose result is unknown, the newest ones; on the first page. */
  unknown: ListedRequest[];
  /** How many requests are left out, because their rows are not authentic. */
  refused: number;
  /** Cursor of the next page. */
  next: string | null;
  /** Whether this is the newest page. */
  first: boolean;
}

const reason = ({ finding_ids, held_by }: ListedRequest): Markup =>
  finding_ids.length > 0
    ? html`${finding_ids.slice(0, 3).map((id) => html`<code class="tag">${marked(id)}</code> `)}${finding_ids.length > 3 && html`<span>and ${finding_ids.length - 3} more</span>`}`
    : html`<span class="muted">${held_by === 'policy' ? 'held by policy' : 'being screened'}</span>`;

const entry = (row: ListedRequest): Markup => html`<li>
  <a class="row" href="/requests/${row.id}">
    <span class="what"><strong>${marked(row.action)}</strong> <span class="muted">on ${marked(row.service)}</span></span>
    <span class="chip priority-${row.priority}">${row.priority}</span>
    <span class="why">${reason(row)}</span>
    <span class="muted when">requested by ${marked(row.requested_by)}, ${distance(row.created_at.toISOString())}<br>expires ${distance(row.expires_at.toISOString())}</span>
  </a>
</li>`;

const empty = (first: boolean): Markup =>
  first
    ? html`<div class="card empty"><p><strong>No request is pending.</strong></p><p class="muted">Requests that the firewall holds appear here at once.</p></div>`
    : html`<div class="card empty"><p>No older request is pending.</p></div>`;

export const inboxSentence = ({ rows, next }: Inbox): string =>
  rows.length === 0
    ? 'No request is pending.'
    : `${rows.length}${next === null ? '' : ' or more'} ${rows.length === 1 ? 'request is' : 'requests are'} pending.`;

const refusedNotice = (refused: number): Markup =>
  html`<div class="notice refused" role="alert"><p><strong>${
    refused === 1 ? 'One request is' : `${refused} requests are`
  } not shown.</strong> Somebody changed the stored rows outside of this product, so they cannot be decided. Tell an administrator.</p></div>`;

const unknownNotice = (unknown: ListedRequest[]): Markup =>
  html`<section class="notice refused" aria-labelledby="unknown"><h2 id="unknown">Unknown results</h2>
<p>These approved actions may have run. Look where they act, then close them.</p>
<ul>${unknown.map((row) => html`<li><a href="/requests/${row.id}#outcome">${marked(row.action)} on ${marked(row.service)}</a>, claimed by ${marked(row.permit?.claimed_by ?? '')}, ${distance(row.permit?.claimed_at ?? '')}</li>`)}</ul></section>`;

export const inboxView = (inbox: Inbox): Markup => html`<div class="wide">
<div class="heading"><h1>Pending requests</h1>${inbox.rows.length > 0 && html`<p class="muted">${inboxSentence(inbox)} Newest first.</p>`}</div>
${inbox.refused > 0 && refusedNotice(inbox.refused)}
${inbox.unknown.length > 0 && unknownNotice(inbox.unknown)}
${inbox.rows.length === 0 ? empty(inbox.first) : html`<ul class="inbox card">${inbox.rows.map(entry)}</ul>`}
<nav class="pages" aria-label="Pages">
${!inbox.first && html`<a href="/">Newest</a>`}
${inbox.next !== null && html`<a rel="next" href="/?cursor=${inbox.next}">Older</a>`}
</nav>
</div>`;
