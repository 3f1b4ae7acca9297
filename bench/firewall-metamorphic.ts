import { parseArgs } from 'node:util';
import { loadParsers } from '../runtime/parsers.ts';
import { CONTEXT_TRUST_OPTION, contextTrustOf } from './context-trust.ts';
import { CASES } from './metamorphic/cases.ts';
import { milderVariations } from './metamorphic/compare.ts';

/** Changes the spelling of calls that are held or blocked: no verdict may become milder. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      'context-trust': CONTEXT_TRUST_OPTION,
    },
  });
  const context_trust = contextTrustOf(values['context-trust']);
  const deps = { parsers: await loadParsers(), context_trust };
  const [runs, first] = [Number(values.runs), Number(values.seed)];
  const seeds = Array.from({ length: runs }, (_, at) => first + at);
  let count = 0;
  for (const one of CASES) {
    for (const milder of milderVariations(one, seeds, deps)) {
      count += 1;
      console.log(JSON.stringify({ kind: one.kind, ...milder }));
    }
  }
  console.log(
    `${CASES.length * runs} variations of ${CASES.length} calls, seed ${first}, context trust ${context_trust}: ${count} with a milder verdict`,
  );
  if (count > 0) process.exitCode = 1;
}
