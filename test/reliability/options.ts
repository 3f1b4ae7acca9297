import { parseArgs } from 'node:util';
import { SUITES } from './suites/index.ts';

export const USAGE = `usage: npm run reliability [-- --full] [--short] [--seed N] [--only NAME,NAME] [--cell PART_OF_A_NAME] [--instances N] [--quiet]
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
      instances: { type: 'string', default: '1' },
      quiet: { type: 'boolean' },
    },
  }).values;

/** The suites to run. @throws Error for options that match nothing. */
export function chosen(args: string[]): { values: ReturnType<typeof optionsOf>; seed: number; suites: typeof SUITES } {
  const values = optionsOf(args);
  if (!/^\d{1,9}$/.test(values.seed)) throw new Error(`--seed must be a whole number, not ${values.seed}`);
  if (!/^[1-4]$/.test(values.instances)) throw new Error(`--instances must be 1 to 4, not ${values.instances}`);
  const only = values.only?.split(',');
  for (const wanted of only ?? [])
    if (!SUITES.some(({ name }) => name.includes(wanted))) throw new Error(`--only: no suite has the name ${wanted}`);
  const suites = SUITES.filter(({ name }) => only === undefined || only.some((wanted) => name.includes(wanted)));
  return { values, seed: Number(values.seed), suites };
}
