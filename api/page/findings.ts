import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import type { Finding } from '../../contracts/verdict.ts';
import { html, type Markup, marked } from './html.ts';
import { pointed } from './payload.ts';

const findingView = (payload: unknown, { severity, id, pointer, evidence, message }: Finding): Markup => {
  const value = pointed(payload, pointer);
  return html`<li class="finding ${severity}">
  <p class="sentence"><span class="chip severity-${severity}">${severity}</span> ${marked(message)}</p>
  <dl>
    <dt>Guardrail</dt><dd><code>${marked(id)}</code></dd>
    <dt>Where</dt><dd><code>${pointer === '' ? 'the whole payload' : marked(pointer)}</code></dd>
    ${value !== undefined && pointer !== '' && html`<dt>Value</dt><dd><code>${marked(value)}</code></dd>`}
    ${value !== JSON.stringify(evidence) && html`<dt>Evidence</dt><dd><code>${marked(evidence)}</code></dd>`}
  </dl>
</li>`;
};

export const findingList = (payload: unknown, findings: readonly Finding[]): Markup =>
  html`<ul class="findings">${findings.map((finding) => findingView(payload, finding))}</ul>`;

/** Why the request was held. */
export function whyHeld({ findings, held_by, verdict, policy_version, payload }: ApprovalRequestDetail): Markup {
  if (findings.length > 0) return findingList(payload, findings);
  if (held_by === 'policy') return html`<p>Held by policy: version ${policy_version} requires review. No findings.</p>`;
  return html`<p>${verdict === 'allow' ? 'It was not held: the firewall allowed it.' : 'Screening is in progress; no findings so far.'}</p>`;
}
