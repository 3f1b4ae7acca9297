import type { TimelineEntry } from '../../contracts/approval-request.ts';
import { INCIDENT_SENTENCES, type Incident } from '../../domain/approval/incident.ts';
import type { HistoryView } from '../../domain/approval/ports.ts';
import { decisionEntries } from './decision-entries.ts';

/** Everything that happened to a request, in order, one sentence each. */
export function timelineOf(view: HistoryView): TimelineEntry[] {
  const entries = [
    ...openedEntries(view),
    ...decisionEntries(view),
    ...resolvedEntries(view),
    ...executedEntries(view),
    ...view.incidents.map(incidentEntry),
  ];
  return entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function openedEntries({ request }: HistoryView): TimelineEntry[] {
  const at = request.created_at.toISOString();
  const findings = request.findings.map(({ id }) => id).join(', ');
  const entries: TimelineEntry[] = [
    {
      event: 'requested',
      at,
      by: request.requested_by,
      detail: `${request.service} wants to run ${request.action}.`,
    },
    {
      event: 'screened',
      at,
      by: null,
      detail: findings ? `The firewall found ${findings}.` : 'The firewall found nothing.',
    },
  ];
  if (request.verdict === 'hold')
    entries.push({
      event: 'held',
      at,
      by: null,
      detail: request.held_by === 'policy' ? 'The policy wants a person to look.' : 'Held for a person to decide.',
    });
  return entries;
}

function resolvedEntries({ resolution }: HistoryView): TimelineEntry[] {
  if (!resolution) return [];
  const { outcome, decided_at, decided_by, channel } = resolution;
  return [
    {
      event: 'resolved',
      at: decided_at,
      by: decided_by,
      detail: `${outcome.status}${outcome.modified ? ' with modifications' : ''}, cause ${outcome.cause}, through ${channel}.`,
    },
  ];
}

function executedEntries({ executed_at, executed_by }: HistoryView): TimelineEntry[] {
  if (!executed_at) return [];
  return [
    {
      event: 'executed',
      at: executed_at.toISOString(),
      by: executed_by ?? null,
      detail: 'The agent ran exactly what was approved.',
    },
  ];
}

const incidentEntry = ({ kind, reported_by, created_at }: Incident): TimelineEntry => ({
  event: 'incident',
  at: created_at.toISOString(),
  by: reported_by,
  detail: INCIDENT_SENTENCES[kind],
});
