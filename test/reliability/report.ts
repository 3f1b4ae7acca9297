import { INVARIANTS } from '../oracle/invariants.ts';
import { PROMISES, type PromiseName } from './promises.ts';
import type { Row, Suite } from './suite.ts';
import { STEPS } from './suites/steps.ts';

export interface Versions {
  postgres: string;
  temporal: string;
  node: string;
}

const HEAD = ['suite', 'promises', 'cases', 'passed', 'failed', 'skipped', 'seed', 'server versions', 'seconds'];

export type SeededRow = Row & { seed: number };

const cellsOf = (row: SeededRow, versions: Versions) => [
  row.suite,
  row.promises.join(', '),
  String(row.cases),
  String(row.passed),
  String(row.failed),
  String(row.skipped),
  String(row.seed),
  `PostgreSQL ${versions.postgres}, Temporal ${versions.temporal}, Node ${versions.node}`,
  row.seconds.toFixed(0),
];

const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const grid = (head: readonly string[], lines: readonly string[]) =>
  [line(head), line(head.map(() => '---')), ...lines].join('\n');

/** For a terminal and for Markdown alike. */
export const table = (rows: SeededRow[], versions: Versions): string =>
  grid(
    HEAD,
    rows.map((row) => line(cellsOf(row, versions))),
  );

/** Measurements and reasons for skips: too long for a cell. */
export const notesOf = (rows: readonly SeededRow[]): string[] =>
  rows.filter(({ note }) => note !== '').map(({ suite, seed, note }) => `- ${suite}, seed ${seed}: ${note}`);

/** The name of a suite's row: a run with several apis and workers has rows of its own. */
export const rowName = (suite: string, instances: number): string =>
  instances === 1 ? suite : `${suite}, ${instances} apis and workers`;

/** Lines of this run, and of the last report for suites that did not run, in the order of the suites. */
function merged(suites: Suite[], rows: SeededRow[], before: string, start: string, now: readonly string[]): string[] {
  const old = before.split('\nFailed:')[0]!.split('\n');
  const names = [1, 2, 3, 4].flatMap((instances) => suites.map(({ name }) => rowName(name, instances)));
  return names.flatMap((name) =>
    (rows.some(({ suite }) => suite === name) ? now : old).filter((one) =>
      one.startsWith(start.replace('SUITE', name)),
    ),
  );
}

const legend = (names: readonly string[], head: string, of: Record<string, string>) =>
  grid(
    [head, 'what it says'],
    names.map((name) => line([name, of[name]!])),
  );

export const report = (rows: SeededRow[], versions: Versions, before: string, suites: Suite[]): string => `# Reliability

The promises, and the attempts to break them. \`npm run reliability\` writes this report; it ran on a shared machine with two cores.
\`npm test\` runs a short form of the same suites. \`npm run reliability -- --full\` runs randomised suites under ten seeds,
\`npm run reliability -- --only NAME\` one suite, \`npm run reliability -- --seed N\` another seed, and \`npm run reliability -- --instances 2\` runs
each suite against two apis, called in turn, and two workers: a kill at a step hits the one process that is at it.

\`test/faults\` injects the faults: kills by pid, crash points, seeded store faults, and on each of the four connections (api and worker to
PostgreSQL and to Temporal) a proxy that recognises statements and calls, so that a kill hits one exact moment. \`test/oracle\` checks
the result: it shares no code with the product, and reads database, histories and the agents' journal after every run.
\`test/reliability\` contains the suites.

${legend(
  (Object.keys(PROMISES) as PromiseName[]).filter((name) => suites.some(({ promises }) => promises.includes(name))),
  'promise',
  PROMISES,
)}

The oracle's invariants. A failure names the one that does not hold.

${legend(Object.keys(INVARIANTS), 'invariant', INVARIANTS)}

The kill matrix strikes at ${STEPS.length} steps, with worker, api, Temporal and PostgreSQL as the victim, before, inside and after the commit of the step:
${STEPS.map(({ name }) => name.replaceAll('-', ' ')).join(', ')}.

## Last run

${grid(
  HEAD,
  merged(
    suites,
    rows,
    before,
    '| SUITE |',
    rows.map((row) => line(cellsOf(row, versions))),
  ),
)}

What was measured and skipped:

${merged(suites, rows, before, '- SUITE, seed ', notesOf(rows)).join('\n')}
${failuresOf(rows)}`;

const failuresOf = (rows: SeededRow[]): string => {
  const failures = rows.flatMap(({ suite, failures }) =>
    failures.map((failure) => `- ${suite}: ${failure.split('\n')[0]}`),
  );
  return failures.length === 0 ? '' : `\nFailed:\n\n${failures.join('\n')}\n`;
};
