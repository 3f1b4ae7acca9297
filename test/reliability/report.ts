import type { Row } from './suite.ts';

export interface Versions {
  postgres: string;
  temporal: string;
  node: string;
}

const HEAD = ['promise', 'cases', 'passed', 'failed', 'skipped (why)', 'seed', 'server versions', 'seconds'];

const cellsOf = (row: Row & { seed: number }, versions: Versions) => [
  row.promise,
  String(row.cases),
  String(row.passed),
  String(row.failed),
  row.note === '' ? String(row.skipped) : `${row.skipped} (${row.note})`,
  String(row.seed),
  `PostgreSQL ${versions.postgres}, Temporal ${versions.temporal}, Node ${versions.node}`,
  row.seconds.toFixed(0),
];

/** For a terminal and for Markdown alike. */
export function table(rows: (Row & { seed: number })[], versions: Versions): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(HEAD), line(HEAD.map(() => '---')), ...rows.map((row) => line(cellsOf(row, versions)))].join('\n');
}

const PROMISES = `| promise | what it says |
| --- | --- |
| P1 | a request that was acknowledged is never lost |
| P2 | exactly one outcome; every later attempt is told it |
| P3 | what runs is byte for byte what was approved |
| P4 | a deadline fires, also after an outage; silence is never consent |
| P5 | every decision reaches the agent, and a thread continues once |
| P6 | no decision without a receipt; when it cannot be written, nothing is decided |
| P9 | what is parked is unreadable at rest |
| P11 | projects are separate |
| P12 | a failing firewall holds the request |
| P13 | no secret or payload in logs, errors or histories |
| P14 | hostile input has bounded cost |`;

export const report = (rows: (Row & { seed: number })[], versions: Versions): string => `# Reliability

What was promised, and what was done to break it. Written by \`npm run reliability\` on a machine of two cores; \`npm test\` runs a short
form of the same suites. How: \`test/faults\` makes the faults, \`test/oracle\` judges what is left (it shares no code with the product),
\`test/reliability\` has the suites.

${PROMISES}

## Last run

${table(rows, versions)}

${rows.some(({ failures }) => failures.length > 0) ? `Failed:\n\n${rows.flatMap(({ promise, failures }) => failures.map((failure) => `- ${promise}: ${failure.split('\n')[0]}`)).join('\n')}\n` : 'Nothing failed.\n'}
`;
