import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { INSTANCES, stopRigs } from '../faults/rig.ts';
import { chosen, USAGE } from './options.ts';
import { notesOf, report, rowName, table } from './report.ts';
import { sharedRig } from './shared-rig.ts';
import { numbers, type Row, runSuite } from './suite.ts';
import { SUITES } from './suites/index.ts';

const FULL_SEEDS = 10;
const FILE = fileURLToPath(new URL('../../RELIABILITY.md', import.meta.url));

/** Runs all suites once (with `--full` randomised ones under ten seeds), and writes RELIABILITY.md. */
async function main(args: string[]): Promise<0 | 1 | 2> {
  let what: ReturnType<typeof chosen>;
  try {
    what = chosen(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
    return 2;
  }
  const { values, seed, suites } = what;
  const say = (line: string) => {
    if (!values.quiet) process.stderr.write(`  ${line}\n`);
  };
  process.env[INSTANCES] = values.instances;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stopRigs().finally(() => process.exit(1)));
  const shared = sharedRig(say);
  const { versions } = await shared.rig();

  const rows: (Row & { seed: number })[] = [];
  for (let round = 0; round < (values.full ? FULL_SEEDS : 1); round++)
    for (const suite of suites) {
      if (round > 0 && !suite.isSeeded) continue;
      say(`${suite.name} (seed ${seed + round})`);
      const row = await runSuite(suite, {
        form: values.short ? 'short' : 'whole',
        cell: values.cell,
        rig: shared.rig,
        seed: seed + round,
        random: numbers(seed + round),
        say,
      });
      rows.push({ ...row, suite: rowName(row.suite, Number(values.instances)), seed: seed + round });
      for (const failure of row.failures) process.stderr.write(`  FAILED ${row.suite}: ${failure}\n`);
    }
  await shared.stop();
  process.stdout.write(`${[table(rows, versions), ...notesOf(rows)].join('\n')}\n`);
  if (!values.short && values.cell === undefined) {
    // A suite that ran alone replaces its own row.
    const before = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
    writeFileSync(FILE, report(rows, versions, values.only === undefined ? '' : before, SUITES));
  }
  return rows.some(({ failed }) => failed > 0) ? 1 : 0;
}

/** Runs during the import, because the loader closes after it. */
export const code = await main(process.argv.slice(2));
