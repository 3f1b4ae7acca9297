import type { ApprovalRequestDetail, ProposedPatch } from '../../contracts/approval-request.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { isSameOwner } from '../../domain/access/same-owner.ts';
import { patchSentences } from '../../domain/diff.ts';
import { isSealedPayload } from '../../domain/sealed-payload.ts';
import { barred, type Draft, rejectForm, sealedNotice, shownDigest } from './decide-forms.ts';
import { findingList } from './findings.ts';
import { html, type Markup, marked } from './html.ts';
import { payloadView } from './payload.ts';
import { when } from './when.ts';

/** The forms for the patch: its author waits, other people decide as on the request itself. */
function answers(request: ApprovalRequestDetail, patch: ProposedPatch, principal: Principal, draft: Draft): Markup {
  const reason = barred(request, principal);
  if (reason !== undefined) return html`<p>${reason}</p>`;
  if (isSameOwner(principal.owner, patch.by))
    return html`<p role="status"><strong>Waiting for a second approver.</strong> You made this patch: it runs when another person approves it. Until then the original can still be approved or rejected, and another patch replaces this one. An undecided request is rejected at the deadline.</p>`;
  const action = `/requests/${request.id}/decision`;
  if (isSealedPayload(patch.payload))
    return html`${sealedNotice({ id: request.id, payload_digest: patch.payload_digest })}
${rejectForm(action, patch, draft, 'proposal-reason')}`;
  return html`<form method="post" action="${action}">
  ${shownDigest(patch)}
  <button class="approve" type="submit" name="type" value="approve" data-decide>Approve the patched action</button>
</form>
${rejectForm(action, patch, draft, 'proposal-reason')}`;
}

/** The patch that waits for a second approver: its author, changes, findings and payload, and the forms to decide. */
export function proposalView(request: ApprovalRequestDetail, principal: Principal, draft: Draft): Markup {
  const { proposed_patch: patch, payload } = request;
  if (!patch) return html``;
  const sentences = patchSentences(payload, patch.payload);
  return html`<section id="proposal" class="card decide" tabindex="-1" aria-labelledby="proposal-heading">
<h2 id="proposal-heading">A patch waits for a second approver</h2>
<p>${marked(patch.by)} proposes this payload instead of the original (${when(patch.at)}). It has findings that the original does not have, so two people must agree.</p>
<h3>What the patch changes</h3><ul class="changes">${sentences.map((sentence) => html`<li>${marked(sentence)}</li>`)}</ul>
<h3>New findings</h3>${findingList(patch.payload, patch.findings)}
<h3>Patched payload</h3>${payloadView(patch.payload, patch.findings)}
<p class="digest"><span class="muted">Digest</span> <code>${patch.payload_digest}</code></p>
${answers(request, patch, principal, draft)}
</section>`;
}
