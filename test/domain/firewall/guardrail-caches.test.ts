import { describe, expect, test } from 'vitest';
import type { ActionContext } from '../../../contracts/action.ts';
import type { GuardrailRule } from '../../../contracts/guardrails.ts';
import { guardrailsFor } from '../../../domain/firewall/active-guardrails.ts';
import { contextOf } from '../../../domain/firewall/guardrail-context.ts';
import { expression } from '../../../domain/firewall/guardrails/expression.ts';
import { parseAction } from '../../../domain/firewall/parsing/parse-action.ts';
import type { Parsers } from '../../../domain/firewall/parsing/parsers.ts';
import { screenAction } from '../../../domain/firewall/screen.ts';
import { call } from '../../helpers/agent-call.ts';
import { foundIn, parsers, reviewFlagged } from './screening.ts';

describe('the variables of an expression belong to one action and one context', () => {
  const holds = (cel: string) => {
    const guardrail = expression.create({ kind: 'expression', cel }, parsers);
    return (action: ReturnType<typeof parsed>, context: ReturnType<typeof contextFor>) =>
      guardrail.check(action, context).length === 1;
  };
  const parsed = (payload: Record<string, unknown>, action = 'do', service = 'agent') =>
    parseAction(call(payload, action, service)).parsed;
  const contextFor = (context: ActionContext) => contextOf(context, reviewFlagged(), { parsers });

  test.each([
    ['payload', 'payload.n == 1', parsed({ n: 1 }), parsed({ n: 2 })],
    ['action', 'action == "pay"', parsed({}, 'pay'), parsed({}, 'read')],
    ['service', 'service == "shop"', parsed({}, 'do', 'shop'), parsed({}, 'do', 'wiki')],
    ['amounts', 'amounts.exists(a, a.minor > 5)', parsed({ amount: 6 }), parsed({ amount: 5 })],
    ['destinations', 'size(destinations) == 1', parsed({ to: 'a@b.example' }, 'send'), parsed({}, 'send')],
  ])('one context, two actions: %s', (_, cel, one, other) => {
    const context = contextFor({});
    expect([holds(cel)(one, context), holds(cel)(other, context), holds(cel)(one, context)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test.each<[string, string, ActionContext, ActionContext]>([
    ['untrusted', 'context.untrusted', { untrusted: true }, { untrusted: false }],
    ['private', 'context.private', { private: true }, {}],
    ['thread_id', 'context.thread_id == "t"', { thread_id: 't' }, { thread_id: 'u' }],
    ['node', 'context.node == "n"', { node: 'n' }, {}],
  ])('one action, two contexts: %s', (_, cel, one, other) => {
    const action = parsed({});
    expect([holds(cel)(action, contextFor(one)), holds(cel)(action, contextFor(other))]).toEqual([true, false]);
  });
});

describe('compiled rules belong to every member of a rule, the parsers, and the action', () => {
  const match = (rule: Partial<GuardrailRule>, payload: Record<string, unknown> = { a: 'Falcon' }) =>
    foundIn(
      call(payload),
      {},
      reviewFlagged({ guardrails: [{ kind: 'pattern_scanner', pattern: 'falcon', ...rule } as GuardrailRule] }),
    );
  const hit = ['pattern_scanner/match /a'];

  test.each<[string, object, object]>([
    ['case', { case: 'ignore' }, { case: 'exact' }],
    ['negate', { negate: true }, { negate: false }],
    ['pattern', { pattern: 'Falcon' }, { pattern: 'heron' }],
    ['values', { pattern: undefined, values: ['Falcon'] }, { pattern: undefined, values: ['Heron'] }],
    ['pointer', { case: 'ignore', pointer: '/a' }, { case: 'ignore', pointer: '/b' }],
    [
      'applies_to',
      { case: 'ignore', applies_to: [{ action: 'do' }] },
      { case: 'ignore', applies_to: [{ action: 'x' }] },
    ],
    ['enabled', { case: 'ignore', enabled: true }, { case: 'ignore', enabled: false }],
  ])('%s', (_, matching, other) => {
    expect([match(matching), match(other), match(matching)]).toEqual([hit, [], hit]);
  });

  test('id, severity, verdict and message', () => {
    const screenPayload = (rule: object) =>
      screenAction(
        call({ a: 'falcon' }),
        {},
        reviewFlagged({ guardrails: [{ kind: 'pattern_scanner', pattern: 'falcon', ...rule } as GuardrailRule] }),
        undefined,
        { parsers },
      );
    expect(screenPayload({ id: 'one' }).findings[0]?.id).toBe('one/match');
    expect(screenPayload({ id: 'two' }).findings[0]?.id).toBe('two/match');
    expect([screenPayload({ severity: 'low' }).verdict, screenPayload({ severity: 'high' }).verdict]).toEqual([
      'allow',
      'hold',
    ]);
    expect([screenPayload({ verdict: 'block' }).verdict, screenPayload({ verdict: 'hold' }).verdict]).toEqual([
      'block',
      'hold',
    ]);
    expect(
      [screenPayload({ message: 'A.' }), screenPayload({ message: 'B.' })].map((one) => one.findings[0]?.message),
    ).toEqual(['A.', 'B.']);
  });

  test('parsers', () => {
    const policy = reviewFlagged({ guardrails: [{ kind: 'pattern_scanner', pattern: 'x' }] });
    const ids = (deps: Parsers) =>
      screenAction(call({ a: 'x' }), {}, policy, undefined, { parsers: deps }).findings.map(({ id }) => id);
    const never: Parsers = { ...parsers, pattern: () => () => false };
    expect([ids(parsers), ids(never), ids({}), ids(parsers)]).toEqual([
      ['pattern_scanner/match'],
      [],
      ['guardrail_failed'],
      ['pattern_scanner/match'],
    ]);
  });

  test('rule sets, and rules that a policy object gets later', () => {
    const policy = reviewFlagged({ packs: ['sql'] });
    const kinds = () => guardrailsFor(policy, parsers, 'wiki', 'save').map(({ guardrail }) => guardrail.id);
    expect(kinds()).not.toContain('loop_breaker');
    policy.guardrails = [{ kind: 'loop_breaker' }];
    expect(kinds()).toContain('loop_breaker');
    policy.guardrails = [];
    policy.packs = ['crm'];
    expect(kinds()).not.toContain('loop_breaker');
  });

  test('service and action, where their names could run into each other', () => {
    const policy = reviewFlagged({
      guardrails: [
        { kind: 'unknown_action', known: [{ service: 'a\0b', action: 'c' }], applies_to: [{ service: 'a\0b' }] },
      ],
    });
    const count = (service: string, action: string) => guardrailsFor(policy, parsers, service, action).length;
    expect(count('a\0b', 'c')).toBe(count('a', 'b\0c') + 1);
  });
});
