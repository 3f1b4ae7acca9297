import type { TimelineEntry } from '../../contracts/approval-request.ts';
import { INCIDENT_SENTENCES, type Incident } from '../../domain/approval/incident.ts';
import type { ClaimRecord } from '../../domain/approval/permit.ts';
import type { HistoryView } from '../../domain/approval/ports.ts';
import { decisionEntries } from './decision-entries.ts';

/** Everything that happened to a request, in order, one sentence each. */
export function timelineOf(view: HistoryView): TimelineEntry[] {
  const entries = [
    ...openedEntries(view),
    ...decisionEntries(view),
    ...resolvedEntries(view),
    ...view.claims.flatMap(claimEntries),
    ...view.incidents.map(incidentEntry),
    ...removedEntries(view),
  ];
  return entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function openedEntries({ request }: HistoryView): TimelineEntry[] {
  const at = request.created_at.toISOString();
  const findings = request.finding_ids.join(', ');
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

const ENDED = {
  done: { event: 'executed', detail: 'The agent ran exactly what was approved.' },
  not_run: { event: 'not_run', detail: 'The claimant did not act: the permit is free again.' },
  failed: { event: 'failed', detail: 'The effect failed: the action may have run.' },
} as const;
const CLOSED = {
  done: 'Closed by a person: the action has run.',
  not_run: 'Closed by a person: the action did not run, and the permit is free again.',
};

function claimEntries(claim: ClaimRecord): TimelineEntry[] {
  const { attempt, claimed_by, token_sha256, retryable, claimed_at, ended, ended_at, closed_as, closed_by, closed_at } =
    claim;
  const again = retryable ? ', to be claimed again if its result is unknown' : '';
  return [
    ...(token_sha256
      ? [
          {
            event: 'claimed',
            at: claimed_at.toISOString(),
            by: claimed_by,
            detail: `The permit was claimed, attempt ${attempt}${again}.`,
          } as const,
        ]
      : []),
    ...(ended && ended_at ? [{ ...ENDED[ended], at: ended_at.toISOString(), by: claimed_by }] : []),
    ...(closed_as && closed_at
      ? [{ event: 'closed', at: closed_at.toISOString(), by: closed_by, detail: CLOSED[closed_as] } as const]
      : []),
  ];
}

const removedEntries = ({ request }: HistoryView): TimelineEntry[] =>
  request.payload_removed_at
    ? [
        {
          event: 'payload_removed',
          at: request.payload_removed_at.toISOString(),
          by: null,
          detail: 'The payload, its findings, and the reason or patch were removed after the retention time.',
        },
      ]
    : [];

const incidentEntry = ({ kind, reported_by, created_at }: Incident): TimelineEntry => ({
  event: 'incident',
  at: created_at.toISOString(),
  by: reported_by,
  detail: INCIDENT_SENTENCES[kind],
});
