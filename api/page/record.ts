import type { ApprovalRequestDetail, TimelineEntry } from '../../contracts/approval-request.ts';
import { html, type Inserted, type Markup, marked } from './html.ts';
import { when } from './when.ts';

const row = (name: string, value: Inserted): Markup => html`<dt>${name}</dt><dd>${value}</dd>`;

/** Facts about the request, without its payload. */
export function facts(request: ApprovalRequestDetail): Markup {
  const { id, status, requested_by, created_at, expires_at, priority, thread_id, node, payload_digest, metadata } =
    request;
  const entries = Object.entries(metadata).filter(([name]) => name !== 'sdk');
  return html`<dl class="facts">
${row('Requested by', html`${marked(requested_by)}<br>${when(created_at)}`)}
${row(status === 'pending' ? 'Deadline' : 'Deadline was', when(expires_at))}
${row('Priority', html`<span class="chip priority-${priority}">${priority}</span> <span class="muted">set by the agent</span>`)}
${thread_id !== null && row('Thread', html`<code>${marked(thread_id)}</code>${node !== null && html`, node <code>${marked(node)}</code>`}`)}
${entries.map(([name, value]) => row(`From the agent: ${name}`, html`<code>${marked(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))}</code>`))}
${row('Request', html`<code>${id}</code>`)}
${row('Payload digest', html`<code>${payload_digest}</code>`)}
</dl>`;
}

const entryView = ({ event, at, by, detail }: TimelineEntry): Markup => html`<li class="${event}">
  <p><strong>${event.replaceAll('_', ' ')}</strong>${by !== null && html` <span class="muted">by</span> ${marked(by)}`}</p>
  <p>${marked(detail)}</p>
  <p class="muted">${when(at)}</p>
</li>`;

export const timeline = (entries: readonly TimelineEntry[]): Markup =>
  html`<ol class="timeline">${entries.map(entryView)}</ol>`;
