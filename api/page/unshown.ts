import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { isSameOwner } from '../../domain/access/same-owner.ts';
import { barred, type Draft, rejectForm } from './decide-forms.ts';
import { whyHeld } from './findings.ts';
import { html, type Markup } from './html.ts';
import { outcomeView } from './outcome.ts';

const digest = (text: string): Markup =>
  html`<p class="digest"><span class="muted">Digest</span> <code>${text}</code></p>`;

function withoutPatch(request: ApprovalRequestDetail): ApprovalRequestDetail {
  if (!request.decision) return request;
  const { patched_payload: _, ...decision } = request.decision;
  return { ...request, decision };
}

/**
 * A request whose payload could not be rendered: what cannot be shown exactly is not approved here, only rejected. The attacker has an
 * agent's key, and writes a payload whose page takes too long or is too large.
 */
export function unshownView(
  request: ApprovalRequestDetail,
  principal: Principal,
  receipt: string,
  publicUrl: string,
  draft: Draft,
): Markup {
  const { id, payload_digest, proposed_patch: patch } = request;
  const action = `/requests/${id}/decision`;
  const reason = barred(request, principal);
  const isPending = request.status === 'pending';
  return html`${outcomeView(withoutPatch(request), receipt, publicUrl, principal)}
<section class="card" aria-labelledby="why"><h2 id="why">Why it was held</h2>${whyHeld({ ...request, payload: {} })}</section>
<section class="card decide" aria-labelledby="unshown"><h2 id="unshown">Not shown</h2>
<p role="status"><strong>This payload could not be shown exactly, so it cannot be approved here:</strong> its page takes too long to render, or is larger than 16 MB. It can be read on the command line:</p>
<pre><code>letsping show ${id}</code></pre>
${digest(payload_digest)}
${isPending && (reason === undefined ? rejectForm(action, request, draft, 'reason') : html`<p>${reason}</p>`)}
${
  isPending &&
  patch &&
  html`<h3>A patch waits for a second approver</h3>${digest(patch.payload_digest)}
${reason === undefined && !isSameOwner(principal.owner, patch.by) && rejectForm(action, patch, draft, 'proposal-reason')}`
}</section>`;
}
