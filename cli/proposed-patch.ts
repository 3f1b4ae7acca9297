import type { ApprovalRequestDetail, ProposedPatch } from '../contracts/approval-request.ts';
import type { Finding } from '../contracts/verdict.ts';
import { patchSentences } from '../domain/diff.ts';
import { CommandFailed } from './command.ts';
import { cell, prettyJson, relative, visible } from './text.ts';

const MAX_EVIDENCE = 100;

/** Findings as text, each with its place in the payload. */
export const findingLines = (findings: readonly Finding[]): string =>
  findings
    .map(({ id, severity, pointer, evidence, message }) => {
      const where = visible(pointer || 'the whole payload');
      return `  ${severity.padEnd(8)}  ${visible(id)}  at ${where}  ${cell(JSON.stringify(evidence), MAX_EVIDENCE)}\n            ${visible(message)}\n`;
    })
    .join('');

/** The patch that waits for a second approver, as text; empty if there is none. */
export function describeProposal({ proposed_patch: patch, payload }: ApprovalRequestDetail): string {
  if (!patch) return '';
  const changes = patchSentences(payload, patch.payload).map((sentence) => `  - ${visible(sentence)}\n`);
  return [
    `\na patch by ${visible(patch.by)}, ${relative(patch.at)}, waits for a second approver\n`,
    prettyJson(patch.payload),
    ...changes,
    '\nnew findings of the patch\n',
    findingLines(patch.findings),
    `\npatched digest  ${patch.payload_digest}\n`,
  ].join('');
}

/** @throws CommandFailed if no patch waits. */
export function waitingPatch({ id, proposed_patch }: ApprovalRequestDetail): ProposedPatch {
  if (proposed_patch) return proposed_patch;
  throw new CommandFailed(
    'no_proposed_patch',
    'no patch of this request waits for a second approver',
    `letsping show ${id}`,
  );
}
