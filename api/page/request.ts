import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import { isSealedPayload } from '../../domain/sealed-payload.ts';
import { type Draft, decideForms } from './decide-forms.ts';
import { findingList, whyHeld } from './findings.ts';
import { html, type Markup, marked } from './html.ts';
import type { Page } from './layout.ts';
import { outcomeSentence, outcomeView } from './outcome.ts';
import { previewOf } from './patch-text.ts';
import { payloadView } from './payload.ts';
import { proposalView } from './proposal.ts';
import { facts, timeline } from './record.ts';
import type { PageRefusal } from './refusal.ts';
import { unshownView } from './unshown.ts';
import { when } from './when.ts';

export interface RequestPage {
  request: ApprovalRequestDetail;
  /** Compact JWS; empty until the request is decided. */
  receipt: string;
  principal: Principal;
  publicUrl: string;
  draft: Draft;
  refusal?: PageRefusal;
  /** Temporal has this person's decision, but no worker has answered yet. */
  recorded?: boolean;
  /** The payload could not be rendered. */
  unshown?: boolean;
}

const refusalNotice = (
  refusal: PageRefusal,
  payload: unknown,
): Markup => html`<div class="notice refused" role="alert" tabindex="-1" autofocus>
<p><strong>${refusal.sentence}</strong></p>
${refusal.errors.length > 0 && html`<ul>${refusal.errors.map(({ pointer, detail }) => html`<li><code>${pointer === '' ? 'the whole payload' : marked(pointer)}</code> ${marked(detail)}</li>`)}</ul>`}
${refusal.findings.length > 0 && findingList(payload, refusal.findings)}
</div>`;

const recordedNotice = html`<div class="notice" role="status"><p><strong>Your decision is recorded, but not yet effective.</strong> It takes effect when a worker runs, unless another decision came first or the deadline passes. This page updates itself.</p></div>`;

function top(request: ApprovalRequestDetail): Markup {
  const { service, action, status, requested_by, expires_at } = request;
  return html`<p class="crumb"><a href="/">Inbox</a></p>
<header class="heading">
  <p class="muted">${marked(requested_by)} requested</p>
  <h1>${marked(action)} <span class="on">on ${marked(service)}</span></h1>
  <p><span class="chip status-${status}">${status}</span> ${status === 'pending' && html`<span>expires ${when(expires_at)}</span>`}</p>
</header>`;
}

/** The payload that a refusal refers to: the patch, if it can be parsed. */
function refusedPayload({ draft, request }: RequestPage): unknown {
  try {
    return JSON.parse(draft.patch_text ?? '');
  } catch {
    return request.payload;
  }
}

/** The payload with its findings, and the forms to decide or the resolution. */
function shownView({ request, receipt, principal, publicUrl, draft: given }: RequestPage): Markup {
  if (request.payload_removed_at)
    return html`${outcomeView(request, receipt, publicUrl, principal)}
<section class="card" aria-labelledby="run"><h2 id="run">Payload removed</h2>
<p>The payload, its findings, and the reason or patch were removed ${when(request.payload_removed_at)}, after the retention time of this project. The terms, the outcome and its receipt remain.</p>
<p class="digest"><span class="muted">Digest</span> <code>${request.payload_digest}</code></p></section>`;
  const pending = request.status === 'pending';
  const { patch_text } = given;
  const draft = patch_text === undefined ? given : { ...given, preview: previewOf(request.payload, patch_text) };
  const heading = isSealedPayload(request.payload)
    ? 'Sealed payload'
    : pending && !request.proposed_patch
      ? 'What will run'
      : 'Original payload';
  return html`${outcomeView(request, receipt, publicUrl, principal)}
${proposalView(request, principal, draft)}
<section class="card" aria-labelledby="why"><h2 id="why">Why it was held</h2>${whyHeld(request)}</section>
<section class="card" aria-labelledby="run"><h2 id="run">${heading}</h2>
<p class="muted">Written by the agent: treat it as data, not as advice.</p>
${payloadView(request.payload, request.findings)}
<p class="digest"><span class="muted">Digest</span> <code>${request.payload_digest}</code></p></section>
${pending && html`<section class="card decide" aria-labelledby="decide"><h2 id="decide">${request.proposed_patch ? 'Decide on the original' : 'Decide'}</h2>${decideForms(request, principal, draft)}</section>`}`;
}

/** The page of a request. */
export function requestPage(view: RequestPage): Page {
  const { request, receipt, principal, publicUrl, draft, refusal } = view;
  const pending = request.status === 'pending';
  const main = html`<div class="wide">
${top(request)}
${refusal && refusalNotice(refusal, refusedPayload(view))}
${pending && view.recorded && recordedNotice}
<div class="columns">
<div class="column">
${view.unshown ? unshownView(request, principal, receipt, publicUrl, draft) : shownView(view)}
</div>
<aside class="column" aria-label="Details">
<section class="card" aria-labelledby="details"><h2 id="details">Details</h2>${facts(request)}</section>
<section class="card" aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>${timeline(request.timeline)}</section>
</aside>
</div>
</div>`;
  const announce = pending
    ? request.proposed_patch
      ? 'A patch of this request waits for a second approver.'
      : 'This request is pending.'
    : `This request is closed: ${outcomeSentence(request)}.`;
  return {
    title: `${pending ? 'Pending' : outcomeSentence(request)}: ${request.action} on ${request.service}`,
    principal,
    main,
    live: {
      kind: 'request',
      self: `/requests/${request.id}`,
      id: request.id,
      status: request.status,
      proposal: request.proposed_patch?.decision_id,
      announce,
    },
  };
}
