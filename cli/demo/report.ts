import { existsSync, readFileSync } from 'node:fs';
import type { JWK } from 'jose';
import type { ApprovalRequestDetail } from '../../contracts/approval-request.ts';
import type { JournalLine } from '../../examples/office-agents/graph.ts';
import { readEffects } from '../../examples/office-agents/tools.ts';
import { verifyReceipt } from '../../receipts/index.ts';
import { visible } from '../text.ts';

/** One action from start to end, with the results of all checks. */
export interface ActionReport {
  task: string;
  request: ApprovalRequestDetail;
  answered: string;
  journal: JournalLine;
  effects: number;
  receipt: { valid: boolean; detail: string };
  /** Failed checks; empty if all passed. */
  problems: string[];
}

export function readJournal(file: string): JournalLine[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalLine);
}

export interface ReportInput {
  task: string;
  request: ApprovalRequestDetail;
  answered: string;
  journal: JournalLine[];
  effectsFile: string;
  receipt: string;
  keys: JWK[];
}

/** Compares the decision with the effects, and verifies the receipt offline. */
export async function reportOn({
  task,
  request,
  answered,
  journal,
  effectsFile,
  receipt,
  keys,
}: ReportInput): Promise<ActionReport> {
  const lines = journal.filter((line) => line.request_id === request.id);
  const effects = readEffects(effectsFile).filter(({ key }) => key === request.id);
  const verification = await verifyReceipt(receipt, keys);
  const runs = request.status === 'approved';
  const ranArgs = JSON.stringify(effects[0]?.args);
  const allowedArgs = JSON.stringify(request.decision?.patched_payload ?? request.payload);
  const problems = [
    ...(lines.length === 1 ? [] : [`the agent got ${lines.length} answers`]),
    ...(effects.length === (runs ? 1 : 0) ? [] : [`it had ${effects.length} effects`]),
    ...(runs && effects.length > 0 && ranArgs !== allowedArgs ? ['another payload ran than the approved one'] : []),
    ...(runs === (request.executed_at !== null) ? [] : ['its execution was not reported']),
    ...(verification.valid ? [] : [`its receipt is not valid: ${verification.checks.find(({ ok }) => !ok)?.detail}`]),
    ...(verification.valid && verification.statement.predicate.outcome !== request.status
      ? ['its receipt contradicts the decision']
      : []),
  ];
  return {
    task,
    request,
    answered,
    journal: lines[0] ?? { task, request_id: request.id, saw: 'nothing' },
    effects: effects.length,
    receipt: {
      valid: verification.valid,
      detail: `signed by ${keys[0]?.kid?.slice(0, 12)}…, ${verification.checks.length} checks`,
    },
    problems,
  };
}

const outcomeText = ({ request }: ActionReport) => {
  const { decision } = request;
  const by = decision?.decided_by
    ? ` by ${visible(decision.decided_by)} (${decision.channel})`
    : ` (${decision?.channel})`;
  const unverified = decision?.outcome.verified === false ? ', not verified: a plain Signal' : '';
  return `${request.status}${decision?.outcome.modified ? ' with modifications' : ''}${by}${unverified}`;
};

/** The action, its verdict and findings, the decision, the agent's answer, the effect and the receipt. */
export function printed(report: ActionReport): string {
  const { request, journal, effects, receipt, problems, answered } = report;
  const label = (name: string, text: string) => `    ${name.padEnd(10)}${text}\n`;
  const findings = request.findings.map(({ id, pointer, severity, message }) =>
    label('', `${id} at ${pointer} (${severity}): ${visible(message)}`),
  );
  const held = request.held_by === 'policy' ? ', by the policy: review_all' : '';
  return [
    `  ${visible(request.service)} requested ${visible(request.action)}\n`,
    label('payload', visible(JSON.stringify(request.payload))),
    label('verdict', `${request.verdict}${held}`),
    ...findings,
    label('decision', `${outcomeText(report)}${answered ? ` — ${answered}` : ''}`),
    label('agent saw', journal.saw),
    ...(journal.changes === undefined ? [] : [label('', `changes ${visible(JSON.stringify(journal.changes))}`)]),
    label('effect', effects === 1 ? 'exactly once' : effects === 0 ? 'none' : `${effects} times`),
    label('receipt', receipt.valid ? `valid, offline (${receipt.detail})` : 'NOT VALID'),
    ...problems.map((problem) => label('PROBLEM', problem)),
  ].join('');
}

export const asJson = ({ task, request, journal, effects, receipt, problems }: ActionReport) => ({
  task,
  request_id: request.id,
  service: request.service,
  action: request.action,
  verdict: request.verdict,
  findings: request.findings.map(({ id, pointer }) => ({ id, pointer })),
  outcome: request.outcome,
  agent_saw: journal.saw,
  changes: journal.changes,
  effects,
  receipt_valid: receipt.valid,
  problems,
});
