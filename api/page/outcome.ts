import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import type { Cause } from '../../contracts/decision.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { patchSentences } from '../../domain/diff.ts';
import { html, type Markup, marked, prose } from './html.ts';
import { payloadView } from './payload.ts';
import { permitView } from './permit.ts';
import { when } from './when.ts';

const CAUSES: Record<Cause, string> = {
  person: 'by a person',
  firewall: 'by the firewall',
  deadline: 'at the deadline: nobody decided',
  caller: 'by the requester',
  superseded: 'because a newer request replaced it',
  agent_gone: 'because the agent is gone',
  forged: 'because its workflow was tampered with',
};

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

export function outcomeSentence({ decision, status }: ApprovalRequestDetail): string {
  if (!decision) return capital(status);
  const { outcome, decided_by } = decision;
  const by = decided_by === null || outcome.cause !== 'person' ? CAUSES[outcome.cause] : `by ${decided_by}`;
  return `${capital(outcome.status)}${outcome.modified ? ' with modifications' : ''} ${by}`;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

const receiptView = (
  id: string,
  receipt: string,
  publicUrl: string,
): Markup => html`<section class="receipt" aria-labelledby="receipt">
<h3 id="receipt">Receipt</h3>
<p>Signed proof of who allowed exactly what. Fetch the keys once; then verify it without this server:</p>
<pre tabindex="0"><code>curl -so jwks.json ${quoted(`${publicUrl}/.well-known/jwks.json`)}
letsping verify ${id}.jws --keys jwks.json</code></pre>
<p><a class="button" href="/api/approval-requests/${id}/receipt" download="${id}.jws">Download ${id}.jws</a></p>
<details><summary>Show the receipt</summary><pre class="jws" tabindex="0"><code>${receipt}</code></pre></details>
</section>`;

/** How the request ended: who, when, the channel, the patched payload, and the receipt. */
export function outcomeView(
  request: ApprovalRequestDetail,
  receipt: string,
  publicUrl: string,
  principal: Principal,
): Markup {
  const { decision, payload, id } = request;
  if (!decision) return html``;
  const { outcome, decided_at, decided_by, channel, reason, patched_payload, patched_by, payload_digest } = decision;
  const sentences = patched_payload ? patchSentences(payload, patched_payload) : [];
  return html`<section id="outcome" class="card outcome ${outcome.status}" tabindex="-1" aria-labelledby="outcome-heading">
<h2 id="outcome-heading">${outcomeSentence(request)}</h2>
<p>${when(decided_at)} · through ${channel}</p>
${patched_by !== undefined && html`<p>Two people agreed: ${marked(patched_by)} made the patch, ${marked(decided_by ?? '')} approved it.</p>`}
${outcome.verified === false && html`<p class="notice refused">Not verified: the decision was a plain Signal, without a key.</p>`}
${reason !== undefined && html`<h3>Reason</h3><blockquote>${prose(reason)}</blockquote>`}
${
  patched_payload &&
  html`<h3>Changes</h3><ul class="changes">${sentences.map((sentence) => html`<li>${marked(sentence)}</li>`)}</ul>
<h3>What runs instead</h3>${payloadView(patched_payload)}
<p class="digest"><span class="muted">Digest</span> <code>${payload_digest}</code></p>`
}
${permitView(request, principal)}
${receipt !== '' && receiptView(id, receipt, publicUrl)}
</section>`;
}
