import type { Row, Suite } from './suite.ts';

export interface Versions {
  postgres: string;
  temporal: string;
  node: string;
}

const HEAD = ['promise', 'cases', 'passed', 'failed', 'skipped (why)', 'seed', 'server versions', 'seconds'];

export type SeededRow = Row & { seed: number };

const cellsOf = (row: SeededRow, versions: Versions) => [
  row.promise,
  String(row.cases),
  String(row.passed),
  String(row.failed),
  row.note === '' ? String(row.skipped) : `${row.skipped} (${row.note})`,
  String(row.seed),
  `PostgreSQL ${versions.postgres}, Temporal ${versions.temporal}, Node ${versions.node}`,
  row.seconds.toFixed(0),
];

const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

/** For a terminal and for Markdown alike. */
export const table = (rows: SeededRow[], versions: Versions): string =>
  join(rows.map((row) => line(cellsOf(row, versions))));

const join = (lines: string[]) => [line(HEAD), line(HEAD.map(() => '---')), ...lines].join('\n');

const PROMISES = `| promise | what it says |
| --- | --- |
| P1 | an acknowledged request is never lost |
| P2 | exactly one resolution; every later attempt gets it as its answer |
| P3 | what runs is byte for byte what was approved |
| P4 | a deadline fires, also after an outage; an undecided request is never approved |
| P5 | every decision reaches the agent, and a thread continues once |
| P6 | no resolution without a receipt; if the receipt cannot be written, nothing is decided |
| P9 | stored payloads and state are unreadable at rest |
| P11 | projects are separate |
| P12 | a failing firewall holds the request |
| P13 | no secret or payload in logs, errors or histories |
| P14 | hostile input has bounded cost |`;

/** Rows of this run, and rows of the last report for suites that did not run, in the order of the suites. */
function merged(rows: SeededRow[], versions: Versions, before: string, suites: Suite[]): string[] {
  const now = rows.map((row) => line(cellsOf(row, versions)));
  const of = (lines: string[], { promise, name }: Suite) =>
    lines.filter((one) => one.startsWith(`| ${promise} ${name} |`));
  return suites.flatMap((suite) => {
    const fresh = of(now, suite);
    return fresh.length > 0 ? fresh : of(before.split('\n'), suite);
  });
}

export const report = (rows: SeededRow[], versions: Versions, before: string, suites: Suite[]): string => `# Reliability

The promises, and the attempts to break them. \`npm run reliability\` writes this report; it ran on a shared machine with two cores.
\`npm test\` runs a short form of the same suites. \`npm run reliability -- --full\` runs randomised suites under ten seeds,
\`-- --only <name>\` one suite, \`-- --seed <n>\` another seed.

\`test/faults\` injects the faults: kills by pid, crash points, seeded store faults, and on each of the four connections (api and worker to
PostgreSQL and to Temporal) a proxy that recognises statements and calls, so that a kill hits one exact moment. \`test/oracle\` checks
the result: it shares no code with the product, and reads database, histories and the agents' journal after every run.
\`test/reliability\` contains the suites.

${PROMISES}

The oracle's invariants: I1 an acknowledged request has a row, and a held one exactly one workflow; I2 one resolution, the same in history,
ledger and every answer; I3 ledger, receipt, API and outbox agree; I4 only the approved payload was executed; I5 a resolution never
changes; I6 decision and deadline are in the right order; I7 every thread got its answer, and its effect happened once; I9 sealed values
open and match their digests; I10 no row belongs to another project. I8 (leaves of a log) needs a log, which does not exist yet.

The steps of the kill matrix: S0 the idempotency lock is taken; S1 the request is written; S2 its workflow is started; S3 the verdict is
read; S4 held, the deadline is set; S6 it waits; S7 the decision is recorded; S8 the ledger is written; S10 the thread is notified; S11 the
execution is reported; S12 the workflow ends. Each step with worker, api, Temporal and PostgreSQL as the victim, before, inside and after its commit.

## Last run

${join(merged(rows, versions, before, suites))}
${failuresOf(rows)}`;

const failuresOf = (rows: SeededRow[]): string => {
  const failures = rows.flatMap(({ promise, failures }) =>
    failures.map((failure) => `- ${promise}: ${failure.split('\n')[0]}`),
  );
  return failures.length === 0 ? '' : `\nFailed:\n\n${failures.join('\n')}\n`;
};
