import { afterAll, beforeAll, expect, test } from 'vitest';
import { sharedRig } from './shared-rig.ts';
import { numbers, runSuite } from './suite.ts';
import { SUITES } from './suites/index.ts';

/** The short form: the same suites with fewer rounds and a sample of the kill matrix. LETSPING_SEED selects other samples. */
const seed = Number(process.env['LETSPING_SEED'] ?? 1);
const say = () => {};
const shared = sharedRig(say);
beforeAll(() => shared.rig());
afterAll(() => shared.stop());

/** These need minutes even in the short form; only `npm run reliability` runs them. */
const LONG = [
  'crash points',
  'temporal away under load (refused)',
  'postgres away under load (black hole)',
  'clocks ten minutes apart',
  'store and network faults',
];

for (const suite of SUITES.filter(({ name }) => !LONG.includes(name)))
  test(`${suite.name}: ${suite.promises.join(', ')}`, { timeout: 300_000 }, async () => {
    const row = await runSuite(suite, { form: 'short', seed, random: numbers(seed), say, rig: shared.rig });
    expect(row.failures).toEqual([]);
    expect(row.passed + row.skipped).toBeGreaterThan(0);
  });
