import type { TimelineEntry } from '../../contracts/approval-request.ts';
import type { HistoryView } from '../../domain/approval/ports.ts';
import type { DecisionRecord } from '../../domain/approval/record.ts';

/** Timeline entries of every decision, and of the screening of each patch. */
export const decisionEntries = (view: HistoryView): TimelineEntry[] =>
  view.decisions.flatMap((row) => [recorded(row, view), ...screened(row)]);

function recorded(row: DecisionRecord, { request, resolution }: HistoryView): TimelineEntry {
  const counted = !resolution || row.id === resolution.decision_id || row.patched_digest === resolution.payload_digest;
  const what = row.payload_digest === request.payload_digest ? row.type : `${row.type} of the patch`;
  return {
    event: 'decision_recorded',
    at: row.created_at.toISOString(),
    by: row.actor,
    detail: `${what}, through ${row.channel}${counted ? '' : '; it did not count'}.`,
  };
}

function screened({ screening, screened_at, actor }: DecisionRecord): TimelineEntry[] {
  const at = screened_at?.toISOString();
  if (at === undefined || screening === null || screening === 'accepted') return [];
  return screening === 'refused'
    ? [{ event: 'patch_refused', at, by: null, detail: 'The firewall refused the patch.' }]
    : [
        {
          event: 'patch_proposed',
          at,
          by: actor,
          detail: 'The patch has a finding that the original did not have: it waits for a second approver.',
        },
      ];
}
