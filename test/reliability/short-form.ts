import { afterAll, expect, test } from 'vitest';
import { sharedRig } from './shared-rig.ts';
import { numbers, runSuite, type Suite } from './suite.ts';

/** LETSPING_SEED selects other samples. */
const seed = Number(process.env['LETSPING_SEED'] ?? 1);
const say = () => {};

/** Declares the short form of these suites: fewer rounds, and a sample of the kill matrix. One file each, unless they share a deployment. */
export function shortForm(...suites: Suite[]): void {
  const shared = sharedRig(say);
  afterAll(() => shared.stop());
  for (const suite of suites)
    test(`${suite.name}: ${suite.promises.join(', ')}`, { timeout: 300_000 }, async () => {
      const row = await runSuite(suite, { form: 'short', seed, random: numbers(seed), say, rig: shared.rig });
      expect(row.failures).toEqual([]);
      expect(row.passed + row.skipped).toBeGreaterThan(0);
    });
}
