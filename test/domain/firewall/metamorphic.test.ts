import { describe, expect, test } from 'vitest';
import { CASES } from '../../../bench/metamorphic/cases.ts';
import { milderVariations, screened } from '../../../bench/metamorphic/compare.ts';
import { DEFINITIONS } from '../../../domain/firewall/guardrails/definitions.ts';
import { parsers } from './screening.ts';

const DEPS = { parsers, context_trust: 'full' as const };
/** `npm run bench -- firewall-metamorphic` makes thousands. */
const SEEDS = Array.from({ length: 40 }, (_, at) => 1_000 + at);

test('there is a call for each kind of guardrail, which holds or blocks it', () => {
  expect(new Set(CASES.map(({ kind }) => kind))).toEqual(new Set(Object.keys(DEFINITIONS)));
  for (const one of CASES) {
    const { findings, verdict } = screened(one, one.call, DEPS);
    expect([one.call, findings.length > 0, verdict]).toEqual([one.call, true, expect.not.stringMatching('allow')]);
  }
});

describe('a change of spelling makes no verdict milder', () => {
  test.each(CASES.map((one) => [`${one.kind} ${JSON.stringify(one.call.payload)}`, one] as const))(
    '%s',
    (_name, one) => {
      expect(milderVariations(one, SEEDS, DEPS)).toEqual([]);
    },
  );
});
