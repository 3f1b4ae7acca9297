import type { AdoptedProject, Vouched } from '../../storage/adoption/report.ts';
import { visible } from '../text.ts';

/** Lines per kind of row; `--json` has more. */
const MAX_LINES = 50;

const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

function listed<Row>(title: string, { count: all, rows }: Vouched<Row>, line: (row: Row) => string): string[] {
  const shown = rows.slice(0, MAX_LINES).map((row) => `    ${visible(line(row))}`);
  return [`  ${title}: ${all}`, ...shown, ...(all > shown.length ? [`    and ${all - shown.length} more`] : [])];
}

/** What `letsping migrate` vouches for, for a person who compares it with what should be there. */
export function adoptionReport(projects: AdoptedProject[]): string {
  if (projects.length === 0) return '';
  const lines = projects.flatMap((project) => [
    `project ${project.project_id} ${visible(project.name)}`,
    ...listed(
      'keys',
      project.keys,
      ({ id, owner, role, revoked }) => `${role} of ${owner}: ${id}${revoked ? ' (revoked)' : ''}`,
    ),
    ...listed(
      'policy versions',
      project.policies,
      ({ version, digest, created_by }) => `${version} by ${created_by}: ${digest}`,
    ),
    ...listed(
      'open requests',
      project.open_requests,
      ({ id, service, action, requested_by }) => `${id} ${service} ${action}, requested by ${requested_by}`,
    ),
    ...listed(
      'decisions of open requests',
      project.decisions,
      ({ id, request_id, type, actor }) => `${type} by ${actor} of ${request_id}: ${id}`,
    ),
    `  closed requests whose receipts verify: ${project.closed_requests}`,
    `  ${count(project.thread_links, 'thread link')}, ${count(project.pauses, 'pause')}, ${count(project.executions, 'execution')}; ${count(project.signed_out, 'session or sign-in link', 'sessions and sign-in links')} deleted`,
    ...(project.refused.count === 0
      ? []
      : listed(
          'NOT adopted, and unreadable from now on',
          project.refused,
          ({ request_id, why }) => `${request_id}: ${why}`,
        )),
  ]);
  return `adopted, as it stood in the database; if something of this is not yours, restore the backup:\n${lines.join('\n')}\n`;
}
