import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createRig } from '../faults/rig.ts';
import { report, table } from './report.ts';
import { numbers, type Row, runSuite } from './suite.ts';
import { SUITES } from './suites/index.ts';

const FULL_SEEDS = 10;
const FILE = fileURLToPath(new URL('../../RELIABILITY.md', import.meta.url));

/** All suites once, or the matrix under ten seeds with `--full`; writes RELIABILITY.md when all of them ran. */
async function main(args: string[]): Promise<0 | 1> {
  const { values } = parseArgs({
    args,
    options: {
      full: { type: 'boolean' },
      short: { type: 'boolean' },
      seed: { type: 'string' },
      only: { type: 'string' },
      cell: { type: 'string' },
      quiet: { type: 'boolean' },
    },
  });
  const seed = values.seed === undefined ? 1 : Number(values.seed);
  const only = values.only?.split(',');
  const suites = SUITES.filter(({ name }) => only === undefined || only.some((wanted) => name.includes(wanted)));
  const say = (line: string) => {
    if (!values.quiet) process.stderr.write(`  ${line}\n`);
  };
  const probe = await createRig({ say, start: false });
  const { versions } = probe;
  await probe.stop();

  const rows: (Row & { seed: number })[] = [];
  for (let round = 0; round < (values.full ? FULL_SEEDS : 1); round++)
    for (const suite of suites) {
      if (round > 0 && !suite.isSeeded) continue;
      say(`${suite.name} (seed ${seed + round})`);
      const row = await runSuite(suite, { form: values.short ? 'short' : 'whole', cell: values.cell, seed: seed + round, random: numbers(seed + round), say });
      rows.push({ ...row, seed: seed + round });
      for (const failure of row.failures) process.stderr.write(`  FAILED ${row.promise}: ${failure}\n`);
    }
  process.stdout.write(`${table(rows, versions)}\n`);
  if (only === undefined && !values.short) writeFileSync(FILE, report(rows, versions));
  return rows.some(({ failed }) => failed > 0) ? 1 : 0;
}

/** Run while it is loaded: the loader closes with the import. */
export const code = await main(process.argv.slice(2));
