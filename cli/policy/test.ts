import type { ContextTrust } from '../../contracts/action.ts';
import { Policy } from '../../contracts/policy.ts';
import { VERDICTS } from '../../contracts/verdict.ts';
import { trustUnder } from '../../domain/firewall/context-trust.ts';
import { loadParsers } from '../../runtime/parsers.ts';
import type { Terminal } from '../command.ts';
import { cell, jsonLine, table, visible } from '../text.ts';
import { type ActionToJudge, actionLines } from './action-lines.ts';
import { type JudgedLine, judgeActions } from './judge-actions.ts';
import { requirePolicy } from './policy-file.ts';

const SHOWN = 50;
/** Number of output lines per write. */
const WRITTEN_TOGETHER = 500;

/** Judges the actions of a file without a server. Returns 1 if a line is invalid; the others are still judged. */
export async function testActions(
  file: string,
  policyFile: string | undefined,
  context_trust: ContextTrust,
  json: boolean,
  terminal: Terminal,
): Promise<0 | 1> {
  const policy =
    policyFile === undefined ? Policy.parse({ default_routing: 'review_flagged' }) : await requirePolicy(policyFile);
  const actions: ActionToJudge[] = [];
  let malformed = 0;
  for await (const line of actionLines(file)) {
    if ('read' in line) actions.push(line.read);
    else {
      malformed += 1;
      terminal.err(`${visible(`line ${line.line}: ${line.reason}`)}\n`);
    }
  }
  const answers = judgeActions(actions, policy, { parsers: await loadParsers(), context_trust });
  const trust = `context trust: ${trustUnder(policy, context_trust)}\n`;
  if (json) {
    print(answers, terminal);
    terminal.err(trust);
  } else terminal.out(`${summary(answers, malformed)}${trust}`);
  return malformed > 0 ? 1 : 0;
}

function print(answers: readonly JudgedLine[], terminal: Terminal): void {
  for (let from = 0; from < answers.length; from += WRITTEN_TOGETHER) {
    const lines = answers
      .slice(from, from + WRITTEN_TOGETHER)
      .map(({ judged: { id }, screening: { verdict, findings } }) => jsonLine({ id, verdict, findings }));
    terminal.out(lines.join(''));
  }
}

function summary(answers: readonly JudgedLine[], malformed: number): string {
  const stopped = answers.filter(({ screening }) => screening.verdict !== 'allow');
  const rows = stopped
    .slice(0, SHOWN)
    .map(({ judged: { id, action }, screening: { verdict, findings } }) => [
      verdict,
      cell(id, 40),
      cell(`${action.service}/${action.action}`, 40),
      visible([...new Set(findings.map((finding) => finding.id))].join(', ') || 'by the policy alone'),
    ]);
  const rest = stopped.length - rows.length;
  const count = (wanted: string) => answers.filter(({ screening }) => screening.verdict === wanted).length;
  return [
    table(rows),
    rest > 0 ? `… and ${rest} more: --json lists all\n` : '',
    rows.length > 0 ? '\n' : '',
    `${answers.length} actions: ${VERDICTS.map((verdict) => `${count(verdict)} ${verdict}`).join(', ')}`,
    malformed > 0 ? `; ${malformed} invalid lines\n` : '\n',
  ].join('');
}
