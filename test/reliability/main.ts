import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stopRigs } from '../faults/rig.ts';
import { notesOf, report, table } from './report.ts';
import { sharedRig } from './shared-rig.ts';
import { numbers, type Row, runSuite } from './suite.ts';
import { SUITES } from './suites/index.ts';

const FULL_SEEDS = 10;
const FILE = fileURLToPath(new URL('../../RELIABILITY.md', import.meta.url));

const USAGE = `usage: npm run reliability [-- --full] [--short] [--seed N] [--only NAME,NAME] [--cell PART_OF_A_NAME] [--quiet]
suites: ${SUITES.map(({ name }) => name).join(', ')}`;

const optionsOf = (args: string[]) =>
  parseArgs({
    args,
    options: {
      full: { type: 'boolean' },
      short: { type: 'boolean' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      cell: { type: 'string' },
      quiet: { type: 'boolean' },
    },
  }).values;

/** The suites to run. @throws Error for options that match nothing. */
function chosen(args: string[]): { values: ReturnType<typeof optionsOf>; seed: number; suites: typeof SUITES } {
  const values = optionsOf(args);
  if (!/^\d{1,9}$/.test(values.seed)) throw new Error(`--seed must be a whole number, not ${values.seed}`);
  const only = values.only?.split(',');
  for (const wanted of only ?? [])
    if (!SUITES.some(({ name }) => name.includes(wanted))) throw new Error(`--only: no suite has the name ${wanted}`);
  const suites = SUITES.filter(({ name }) => only === undefined || only.some((wanted) => name.includes(wanted)));
  return { values, seed: Number(values.seed), suites };
}

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
      rows.push({ ...row, seed: seed + round });
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
