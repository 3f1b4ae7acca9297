import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import { permitSentence } from '../../domain/approval/permit-sentence.ts';
import { patchSentences } from '../../domain/diff.ts';
import { connect } from '../api-connection.ts';
import type { Terminal } from '../command.ts';
import { describeRequest, readRequest } from '../held-request.ts';
import { describeProposal } from '../proposed-patch.ts';
import { jsonLine, prettyJson, table, visible } from '../text.ts';

function decisionText({ decision, payload, executed_at, permit }: ApprovalRequestDetail): string {
  if (!decision) return '';
  const { outcome, decided_by, decided_at, channel, reason, patched_payload, patched_by } = decision;
  const facts = [
    ['outcome', `${outcome.status}${outcome.modified ? ' with modifications' : ''} (${outcome.cause})`],
    ['decided', visible(`${decided_by === null ? '' : `by ${decided_by}, `}${decided_at}, through ${channel}`)],
    ...(patched_by === undefined ? [] : [['patched', visible(`by ${patched_by}, and approved by a second approver`)]]),
    ...(outcome.verified === false ? [['verified', 'no: it was a plain Signal, without a key']] : []),
    ...(reason === undefined ? [] : [['reason', visible(reason)]]),
    ...(permit
      ? [
          ['executed', executed_at ?? 'not reported'],
          ['permit', visible(permitSentence(permit))],
        ]
      : []),
  ];
  const patch = patched_payload
    ? `\npatched payload\n${prettyJson(patched_payload)}${patchSentences(payload, patched_payload)
        .map((sentence) => `  - ${visible(sentence)}\n`)
        .join('')}\ndigest    ${decision.payload_digest}\n`
    : '';
  return `\n${table(facts)}${patch}`;
}

const timelineText = ({ timeline }: ApprovalRequestDetail): string =>
  `\ntimeline\n${table(timeline.map(({ at, event, by, detail }) => [`  ${at}`, event, visible(by ?? '-'), visible(detail)]))}`;

const next = ({ id, payload_digest, proposed_patch }: ApprovalRequestDetail): string =>
  [
    '',
    `try: letsping approve ${id} --digest ${payload_digest}`,
    ...(proposed_patch ? [`     letsping approve ${id} --patched --digest ${proposed_patch.payload_digest}`] : []),
    `     letsping reject ${id} --reason TEXT`,
    `     letsping patch ${id} --file payload.json`,
    '',
  ].join('\n');

export interface ShowOptions {
  id: string;
  receipt: boolean;
  json: boolean;
}

/** Prints a request with its decision and timeline, or only its receipt. */
export async function showRequest({ id, receipt, json }: ShowOptions, terminal: Terminal): Promise<0> {
  const api = await connect(terminal);
  if (receipt) {
    const answer = await api.stream(`/approval-requests/${encodeURIComponent(id)}/receipt`);
    terminal.out(`${await answer.text()}\n`);
    return 0;
  }
  const request = await readRequest(api, id);
  if (json) {
    terminal.out(jsonLine(request));
    return 0;
  }
  terminal.out(describeRequest(request) + describeProposal(request) + decisionText(request) + timelineText(request));
  if (request.status === 'pending') terminal.err(next(request));
  if (request.permit?.state === 'unknown')
    terminal.err(`\ntry: letsping permits close ${id} --as done, or --as not_run\n`);
  return 0;
}
