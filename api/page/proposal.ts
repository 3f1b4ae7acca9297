import type { ApprovalRequestDetail, ProposedPatch } from '../../contracts/approval-request.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { patchSentences } from '../../domain/diff.ts';
import { barred, type Draft, rejectForm, shownDigest } from './decide-forms.ts';
import { findingList } from './findings.ts';
import { html, type Markup, marked } from './html.ts';
import { payloadView } from './payload.ts';
import { when } from './when.ts';

/** What this person may do with the patch: whoever made it waits, all others decide as on the request itself. */
function answers(request: ApprovalRequestDetail, patch: ProposedPatch, principal: Principal, draft: Draft): Markup {
  const reason = barred(request, principal);
  if (reason !== undefined) return html`<p>${reason}</p>`;
  if (principal.owner === patch.by)
    return html`<p role="status"><strong>Waiting for a second approver.</strong> You made this patch: it runs when somebody else approves it. Until then what was asked for can still be approved or rejected, and another patch takes the place of this one. Silence rejects at the deadline.</p>`;
  const action = `/requests/${request.id}/decision`;
  return html`<form method="post" action="${action}">
  ${shownDigest(patch)}
  <button class="approve" type="submit" name="type" value="approve" data-decide>Approve the patched action</button>
</form>
${rejectForm(action, patch, draft, 'proposal-reason')}`;
}

/** The patch that waits for a second approver: who made it, what it changes, what the firewall found in it, and the way to answer. */
export function proposalView(request: ApprovalRequestDetail, principal: Principal, draft: Draft): Markup {
  const { proposed_patch: patch, payload } = request;
  if (!patch) return html``;
  const sentences = patchSentences(payload, patch.payload);
  return html`<section id="proposal" class="card decide" tabindex="-1" aria-labelledby="proposal-heading">
<h2 id="proposal-heading">A patch waits for a second approver</h2>
<p>${marked(patch.by)} wants this payload to run instead of the one asked for (${when(patch.at)}). The firewall found in it what the original has not, so two people have to agree.</p>
<h3>What the patch changes</h3><ul class="changes">${sentences.map((sentence) => html`<li>${marked(sentence)}</li>`)}</ul>
<h3>What the firewall found in it</h3>${findingList(patch.payload, patch.findings)}
<h3>What would run</h3>${payloadView(patch.payload, patch.findings)}
<p class="digest"><span class="muted">Digest</span> <code>${patch.payload_digest}</code></p>
${answers(request, patch, principal, draft)}
</section>`;
}
