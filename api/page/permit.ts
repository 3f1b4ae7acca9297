import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import { mayDo, type Principal } from '../../domain/access/permissions.ts';
import { isSameOwner } from '../../domain/access/same-owner.ts';
import { html, type Markup, marked } from './html.ts';
import { when } from './when.ts';

/** A person who has looked says what happened. The form names the attempt, so that a later claim is not closed by it. */
const closeForm = (
  id: string,
  attempt: number,
): Markup => html`<form class="stack" method="post" action="/requests/${id}/permit">
  <input type="hidden" name="attempt" value="${attempt}">
  <div class="buttons">
    <button type="submit" name="closed_as" value="done" data-decide>It has run</button>
    <button type="submit" name="closed_as" value="not_run" data-decide>It has not run: permit another attempt</button>
  </div>
</form>`;

/** Whether the approved action was claimed and has run; the form that closes an unknown result. */
export function permitView({ id, permit, requested_by }: ApprovalRequestDetail, principal: Principal): Markup {
  if (!permit) return html``;
  const { state, attempt, claimed_by, claimed_at, ended, ended_at, closed_by, closed_at } = permit;
  const claimed = html`${marked(claimed_by ?? '')} claimed it ${when(claimed_at ?? '')}`;
  switch (state) {
    case 'free':
      return html`<p>The agent has not reported the execution.</p>`;
    case 'claimed':
      return html`<p>${claimed}, and has not reported the result.</p>`;
    case 'done':
      return closed_at === null
        ? html`<p>The agent executed it ${when(ended_at ?? '')}.</p>`
        : html`<p>It has run: ${marked(closed_by ?? '')} closed it ${when(closed_at)}.</p>`;
    case 'not_run':
      return closed_at === null
        ? html`<p>The agent did not run it (${when(ended_at ?? '')}), and may claim it again.</p>`
        : html`<p>It has not run: ${marked(closed_by ?? '')} closed it ${when(closed_at)}. The agent may claim it again.</p>`;
    case 'unknown':
      return html`<div class="notice refused"><p><strong>The result is unknown: the action may have run.</strong> ${claimed}, and ${ended === 'failed' ? 'its effect failed' : 'has been silent since'}. Look where it acts, then close it.</p>
${
  isSameOwner(principal.owner, requested_by)
    ? html`<p>You requested this yourself: another person must close it.</p>`
    : mayDo(principal, 'permit:close') && closeForm(id, attempt)
}</div>`;
    default:
      return state satisfies never;
  }
}
