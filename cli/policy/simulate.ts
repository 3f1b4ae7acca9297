import { type PolicySimulation, type PolicySimulationBody, Since } from '../../contracts/policy-simulation.ts';
import { VERDICTS } from '../../contracts/verdict.ts';
import { connect } from '../api-connection.ts';
import { type Terminal, UsageError } from '../command.ts';
import { cell, jsonLine, table, visible } from '../text.ts';
import { currentPolicy } from './current-policy.ts';
import { requirePolicy } from './policy-file.ts';

/** The verdicts that a policy file, or the current policy, would have given to recorded requests. */
export async function simulate(
  since: string,
  policyFile: string | undefined,
  json: boolean,
  terminal: Terminal,
): Promise<0> {
  const span = Since.safeParse(since);
  if (!span.success) throw new UsageError('--since takes a duration of at most 400 days, such as 90min, 24h or 7d');
  const candidate = policyFile === undefined ? undefined : await requirePolicy(policyFile);
  const api = await connect(terminal, 'admin');
  const policy = candidate ?? (await currentPolicy(api)).policy;
  const body: PolicySimulationBody = { policy, since: span.data };
  const answer = (await api.call<PolicySimulation>({ method: 'POST', path: '/policy/simulate', body })).body;
  terminal.out(json ? jsonLine(answer) : printed(answer));
  if (!answer.complete)
    terminal.err(`only the newest ${answer.judged} requests were judged; use a shorter --since to judge all\n`);
  return 0;
}

function printed({ judged, was, would_be, changed, changes }: PolicySimulation): string {
  const counts = table([
    ['', ...VERDICTS],
    ['was', ...VERDICTS.map((verdict) => String(was[verdict]))],
    ['would be', ...VERDICTS.map((verdict) => String(would_be[verdict]))],
  ]);
  const rows = changes.map(({ id, service, action, was: before, would_be: after, finding_ids }) => [
    id,
    `${before} → ${after}`,
    cell(`${service}/${action}`, 40),
    visible(finding_ids.join(', ') || 'by the policy alone'),
  ]);
  const rest = changed - changes.length;
  return `${counts}\n${table(rows)}${rest > 0 ? `… and ${rest} more\n` : ''}${changed} of ${judged} requests would have a different verdict\n`;
}
