import { describe, expect, test } from 'vitest';
import { Policy } from '../../../contracts/policy.ts';
import { policyWarnings } from '../../../domain/policy/warnings.ts';

const warned = (rule: object) =>
  policyWarnings(Policy.parse({ guardrails: [rule] })).map(({ path }) => path.slice(2).join('/'));

describe('a limit in minor units', () => {
  test.each<[object, string[]]>([
    [{ kind: 'money', per_call: 1_000 }, ['per_call']],
    [{ kind: 'money', per_call: 1_000, per_window: 5_000 }, ['per_call', 'per_window']],
    [{ kind: 'cost_guard', per_window: 1_000 }, ['per_window']],
    [{ kind: 'money', per_call: 1_000, currencies: ['EUR'] }, []],
    [{ kind: 'cost_guard', per_call: 1_000, currency: 'KWD' }, []],
    [{ kind: 'money', currencies: ['EUR', 'eur', 'XAU'] }, ['currencies', 'currencies']],
    [{ kind: 'cost_guard', max_bytes: 10 }, []],
  ])('should name its currency, and the code should exist: %j', (rule, places) => {
    expect(warned(rule)).toEqual(places);
  });
});
