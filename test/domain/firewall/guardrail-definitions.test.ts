import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GuardrailRule } from '../../../contracts/guardrails.ts';
import { contextOf } from '../../../domain/firewall/guardrail-context.ts';
import type { GuardrailDefinition } from '../../../domain/firewall/guardrails/definition.ts';
import {
  BUILT_IN,
  DEFINITIONS,
  definitionOf,
  type GuardrailDefinitions,
} from '../../../domain/firewall/guardrails/definitions.ts';
import { money } from '../../../domain/firewall/guardrails/money.ts';
import type { ScreenStats } from '../../../domain/firewall/history/stats.ts';
import { historyWindow } from '../../../domain/firewall/history-window.ts';
import { parseAction } from '../../../domain/firewall/parsing/parse-action.ts';
import { pastAction } from '../../../domain/firewall/past-action.ts';
import { loosenings } from '../../../domain/policy/loosenings.ts';
import { call } from '../../helpers/agent-call.ts';
import { KINDS, ruleOfKind } from './rule-arbitrary.ts';
import { parsers, reviewFlagged } from './screening.ts';

const NOW = 1_800_000_000_000;
const DAY_MS = 24 * 3_600_000;
const payment = call({ amount: 100, currency: 'EUR', cents: 100, recipient: 'R-1', text: 'an invoice' }, 'pay');

/** Rules that compile: patterns, expressions, schemas and addresses of a generated rule rarely do. */
const compiling = (rule: GuardrailRule): GuardrailRule => {
  const { compiles } = definitionOf(rule);
  const valid = {
    pattern: 'x',
    cel: 'true',
    schema: {},
    extra_patterns: ['x'],
    extra_blocked_addresses: ['10.0.0.0/8'],
  };
  const { values, ...rest } = rule as GuardrailRule & { values?: unknown };
  return compiles === undefined
    ? rule
    : ({ ...rest, [compiles]: valid[compiles as keyof typeof valid] } as GuardrailRule);
};
const anyRule = fc.oneof(...KINDS.map((kind): fc.Arbitrary<GuardrailRule> => ruleOfKind(kind)));

describe('definitions', () => {
  test('exist for each kind, under its name, with every parameter of its schema', () => {
    expect(Object.keys(DEFINITIONS).sort()).toEqual([...KINDS].sort());
    for (const { shape } of GuardrailRule.options) {
      const kind = shape.kind.value;
      const common = ['kind', 'id', 'enabled', 'applies_to', 'severity', 'verdict'];
      expect(definitionOf({ kind }).kind).toBe(kind);
      expect(Object.keys(definitionOf({ kind }).loosens).sort()).toEqual(
        Object.keys(shape)
          .filter((name) => !common.includes(name))
          .sort(),
      );
    }
    expect(BUILT_IN.map(({ id }) => id)).toEqual(KINDS_IN_ORDER);
  });

  test('without a schema, a kind, a parameter or a window do not compile', () => {
    const { money: left, ...others } = DEFINITIONS;
    // @ts-expect-error: no definition of `money`
    const incomplete: GuardrailDefinitions = others;
    // @ts-expect-error: `schema` is a required parameter, so this kind cannot be built in
    const builtIn: GuardrailDefinition<'json_schema'>['builtIn'] = true;
    const { window_s, ...rest } = money.loosens;
    // @ts-expect-error: no direction for `window_s`
    const directions: GuardrailDefinition<'money'>['loosens'] = rest;
    const { historyWindow: forgotten, ...without } = money;
    // @ts-expect-error: no history window
    const windowless: GuardrailDefinition<'money'> = without;
    // @ts-expect-error: a kind without a schema has no definition
    const schemaless: GuardrailDefinition<'no_schema'>['builtIn'] | undefined = undefined;
    expect(schemaless).toBeUndefined();
    expect([left, incomplete, builtIn, window_s, directions, forgotten, windowless]).toHaveLength(7);
  });
});
const KINDS_IN_ORDER = [
  'egress',
  'destination',
  'privilege',
  'sql',
  'shell',
  'infrastructure',
  'secret_scanner',
  'pii_scanner',
  'prompt_injection',
  'flow',
];

describe.each(KINDS)('%s', (kind) => {
  const rules = ruleOfKind(kind) as fc.Arbitrary<GuardrailRule>;

  test('declares a window exactly when it reads the earlier calls', () => {
    fc.assert(
      fc.property(rules, (written) => {
        const rule = compiling(written);
        const { parsed } = parseAction(payment);
        let reads = false;
        const context = {
          ...contextOf({}, reviewFlagged(), { parsers }),
          get stats(): undefined {
            reads = true;
            return undefined;
          },
        };
        const place = { ...rule, ...('amount_pointer' in rule && { amount_pointer: '/cents' }) };
        definitionOf(rule).create(place, parsers).check(parsed, context);
        expect(reads).toBe(definitionOf(rule).historyWindow(rule) !== undefined);
      }),
      { numRuns: 50 },
    );
  });

  test('is unchanged by its own defaults, and each other change of a rule can be compared', () => {
    fc.assert(
      fc.property(rules, rules, (one, other) => {
        const { loosens } = definitionOf(one);
        const absent = Object.entries(loosens).filter(
          ([name, loosening]) => typeof loosening !== 'string' && !Object.hasOwn(one, name),
        );
        const written = { ...one, ...Object.fromEntries(absent.map(([name, loosening]) => [name, loosening[1]])) };
        const before = reviewFlagged({ guardrails: [one] });
        expect(loosenings(before, reviewFlagged({ guardrails: [written as GuardrailRule] }))).toEqual([]);
        expect(loosenings(before, before)).toEqual([]);
        expect(() => loosenings(before, reviewFlagged({ guardrails: [other] }))).not.toThrow();
      }),
      { numRuns: 30 },
    );
  });
});

describe('the history window of a policy', () => {
  test('spans the window that each of its enabled rules declares, and no more', () => {
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 6 }), (guardrails) => {
        const windows = guardrails
          .filter(({ enabled }) => enabled !== false)
          .flatMap((rule) => definitionOf(rule).historyWindow(rule) ?? []);
        const window = historyWindow(reviewFlagged({ guardrails }));
        for (const one of windows) expect(window).toBeGreaterThanOrEqual(one);
        expect(window).toBe(windows.length === 0 ? undefined : Math.max(...windows));
      }),
    );
  });

  test.each<[string, GuardrailRule, (window_s: number) => object]>([
    ['money', { kind: 'money', per_window: 150 }, (window_s) => ({ window_s })],
    ['cost_guard', { kind: 'cost_guard', per_window: 150 }, (window_s) => ({ window_s })],
    ['velocity_limit', { kind: 'velocity_limit', max: 1, window_s: 1 }, (window_s) => ({ window_s })],
    ['loop_breaker', { kind: 'loop_breaker', max_repeats: 1 }, (window_s) => ({ window_s })],
  ])('of %s is the one that it counts in', (_, rule, windowed) => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 366 * 24 * 3_600 }), (window_s) => {
        const timed = { ...rule, ...windowed(window_s) } as GuardrailRule;
        const window = historyWindow(reviewFlagged({ guardrails: [timed] }))!;
        const found = (ago_ms: number) => {
          const stats: ScreenStats = { now_ms: NOW, agent: 'a', past: [pastAction(payment, NOW - ago_ms, 'a')] };
          const { parsed } = parseAction(payment);
          return definitionOf(timed)
            .create(timed, parsers)
            .check(parsed, contextOf({}, reviewFlagged(), { stats })).length;
        };
        expect(window).toBe(window_s * 1_000);
        expect([found(window - 1), found(window)]).toEqual([1, 0]);
      }),
      { numRuns: 30 },
    );
  });

  test('of a limit without a window of its own is a day', () => {
    const day = (rule: GuardrailRule) => historyWindow(reviewFlagged({ guardrails: [rule] }));
    expect(day({ kind: 'money', per_window: 1 })).toBe(DAY_MS);
    expect(day({ kind: 'cost_guard', per_window: 1 })).toBe(DAY_MS);
    expect(day({ kind: 'money', per_call: 1 })).toBeUndefined();
    expect(day({ kind: 'money', per_window: 1, enabled: false })).toBeUndefined();
    expect(historyWindow(reviewFlagged({ packs: ['money'] }))).toBe(3_600_000);
  });
});
