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

/** Lines of the last run that this one did not make anew, in the order of the suites. */
function merged(rows: SeededRow[], versions: Versions, before: string, suites: Suite[]): string[] {
  const now = rows.map((row) => line(cellsOf(row, versions)));
  const of = (lines: string[], { promise, name }: Suite) =>
    lines.filter((one) => one.startsWith(`| ${promise} ${name} |`));
  return suites.flatMap((suite) => {
    const anew = of(now, suite);
    return anew.length > 0 ? anew : of(before.split('\n'), suite);
  });
}

export const report = (rows: SeededRow[], versions: Versions, before: string, suites: Suite[]): string => `# Reliability

What was promised, and what was done to break it. Written by \`npm run reliability\` on a machine of two cores, which others used at the
same time; \`npm test\` runs a short form of the same suites. \`npm run reliability -- --full\` runs what draws lots under ten seeds,
\`-- --only <name>\` one suite, \`-- --seed <n>\` another draw.

\`test/faults\` makes the faults: kills by pid, crash points, seeded store faults, and on each of the four edges (api and worker to
PostgreSQL and to Temporal) a proxy that knows which statement or call passes, so that a kill hits one exact moment. \`test/oracle\` judges
what is left: it shares no code with the product, and reads database, histories and the agents' journal after every run.
\`test/reliability\` has the suites.

${PROMISES}

The oracle's invariants: I1 what was acknowledged has a row, and if held exactly one workflow; I2 one outcome, the same in history, ledger
and every answer; I3 ledger ⇔ receipt ⇔ what is shown ⇔ outbox; I4 executed is what was approved; I5 what stands never changes; I6 the
order of decision and deadline; I7 every thread was told, and its effect happened once; I9 what is sealed opens, and is what its digest
says; I10 nothing belongs to another project. I8 (leaves of a log) waits for a log.

The steps of the kill matrix: S0 the call's key is taken; S1 the request is written; S2 its workflow is started; S3 the verdict is read;
S4 held, the deadline is set; S6 it waits; S7 the decision is taken; S8 the ledger is written; S10 the thread is told; S11 the execution is
reported; S12 the workflow ends. Each with worker, api, Temporal and PostgreSQL as the victim, before, inside and after its commit.

## Last run

${join(merged(rows, versions, before, suites))}
${failuresOf(rows)}`;

const failuresOf = (rows: SeededRow[]): string => {
  const failures = rows.flatMap(({ promise, failures }) =>
    failures.map((failure) => `- ${promise}: ${failure.split('\n')[0]}`),
  );
  return failures.length === 0 ? '' : `\nFailed:\n\n${failures.join('\n')}\n`;
};
