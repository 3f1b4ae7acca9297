import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import { mayDo, type Principal } from '../../domain/access/permissions.ts';
import { isSameOwner } from '../../domain/access/same-owner.ts';
import { isSealedPayload } from '../../domain/sealed-payload.ts';
import { editable, html, type Markup, marked, prose } from './html.ts';

/** The typed text: a refusal and a preview keep it. */
export interface Draft {
  reason?: string;
  patch_text?: string;
  /** The difference as sentences, or the reason why there is none. */
  preview?: { sentences: string[] } | { problem: string };
}

/** A percent-encoded form must fit the body limit of the route. */
const MAX_FORM_CHARACTERS = 240 * 1_024;
const fitsForm = (json: string): boolean => encodeURIComponent(json).length <= MAX_FORM_CHARACTERS;

const prettyJson = (value: unknown) => JSON.stringify(value, null, 2);

/** Why this person cannot decide, if it is known in advance. */
export function barred({ requested_by, metadata }: ApprovalRequestDetail, principal: Principal): string | undefined {
  const { owner, role } = principal;
  if (!mayDo(principal, 'approval:decide')) return 'You signed in with a key that may not decide.';
  if (isSameOwner(owner, requested_by)) return 'You requested this yourself: another person must decide.';
  if (metadata['role'] === 'admin' && role !== 'admin') return 'The agent requires an admin for this decision.';
  return undefined;
}

export const shownDigest = ({ payload_digest }: Pick<ApprovalRequestDetail, 'payload_digest'>): Markup =>
  html`<input type="hidden" name="payload_digest" value="${payload_digest}">`;

/** A rejection of the shown digest. `id` is that of the field, because a page may have two of them. */
export const rejectForm = (
  action: string,
  shown: Pick<ApprovalRequestDetail, 'payload_digest'>,
  draft: Draft,
  id: string,
): Markup => html`<form class="stack" method="post" action="${action}">
  ${shownDigest(shown)}
  <label for="${id}">Reason to reject</label>
  <textarea id="${id}" name="reason" rows="2" required maxlength="4096" placeholder="Sent to the agent">
${prose(draft.reason ?? '')}</textarea>
  <div class="buttons"><button class="reject" type="submit" name="type" value="reject" data-decide>Reject</button></div>
</form>`;

/** Instead of the button that approves: what a person cannot read, they cannot approve here. */
export const sealedNotice = ({ id, payload_digest }: { id: string; payload_digest: string }): Markup =>
  html`<p role="status"><strong>The client sealed this payload, so it cannot be approved here:</strong> this page shows only ciphertext. A person who holds the client's key can read it elsewhere and approve its digest by the API or the command line:</p>
<pre><code>letsping approve ${id} --digest ${payload_digest}</code></pre>`;

export const difference = (preview: Draft['preview']): Markup =>
  html`<div id="difference" aria-live="polite">${
    preview &&
    ('problem' in preview
      ? html`<p class="problem">${preview.problem}</p>`
      : html`<p>${preview.sentences.length === 0 ? 'The patch changes nothing.' : 'What the patch changes:'}</p><ul>${preview.sentences.map((sentence) => html`<li>${marked(sentence)}</li>`)}</ul>`)
  }</div>`;

function patchForm(request: ApprovalRequestDetail, draft: Draft): Markup {
  const original = prettyJson(request.payload);
  if (!fitsForm(editable(original).toString())) {
    return html`<details class="patch"><summary>Patch: approve another payload</summary>
<p>This payload is too large for a form. Use the command line:</p><pre><code>letsping patch ${request.id} --file payload.json</code></pre></details>`;
  }
  const text = draft.patch_text ?? original;
  const rows = Math.min(24, Math.max(6, text.split('\n').length + 1));
  return html`<details class="patch"${(draft.patch_text !== undefined || draft.preview !== undefined) && html` open`}><summary>Patch: approve another payload</summary>
<form class="stack" method="post" action="/requests/${request.id}/decision">
  ${shownDigest(request)}
  <label for="patched_payload">Payload to run instead, as JSON</label>
  <textarea id="patched_payload" name="patched_payload" rows="${rows}" spellcheck="false" autocapitalize="off" autocomplete="off" aria-describedby="difference" required>
${editable(text)}</textarea>
  ${difference(draft.preview)}
  <p class="muted">Firewall and schema check the patch before it counts.</p>
  <div class="buttons">
    <button type="submit" formaction="/requests/${request.id}/preview">Preview the difference</button>
    <button class="primary" type="submit" name="type" value="patch" data-decide>Approve the patch</button>
  </div>
</form>
<pre id="original" hidden>${editable(original)}</pre></details>`;
}

/** The forms for the three decisions. Each names the digest of the shown payload and is valid for that payload only. */
export function decideForms(request: ApprovalRequestDetail, principal: Principal, draft: Draft): Markup {
  const reason = barred(request, principal);
  if (reason !== undefined) return html`<p>${reason}</p>`;
  const action = `/requests/${request.id}/decision`;
  if (isSealedPayload(request.payload))
    return html`${sealedNotice(request)}
${rejectForm(action, request, draft, 'reason')}`;
  return html`<form method="post" action="${action}">
  ${shownDigest(request)}
  <button class="approve" type="submit" name="type" value="approve" data-decide>${request.proposed_patch ? 'Approve the original' : 'Approve exactly this'}</button>
</form>
${rejectForm(action, request, draft, 'reason')}
${patchForm(request, draft)}
<p class="muted">A decision is final. An undecided request is rejected at the deadline.</p>`;
}
