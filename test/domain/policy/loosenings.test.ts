import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Policy, ROUTINGS } from '../../../contracts/policy.ts';
import { blocks, routeOf } from '../../../domain/firewall/policy/policy.ts';
import { RULE_SETS } from '../../../domain/firewall/policy/rule-sets.ts';
import { loosenings } from '../../../domain/policy/loosenings.ts';

const policy = (given: object = {}): Policy => Policy.parse(given);
const looser = (before: object, after: object) => loosenings(policy(before), policy(after));

const guard = (rule: object) => ({ guardrails: [rule] });

describe('routing', () => {
  test.each([
    [{}, { default_routing: 'observe' }, ['Routing of */* became weaker: review_all → observe.']],
    [
      {},
      { routes: [{ service: 'crm', routing: 'observe' }] },
      ['Routing of crm/* became weaker: review_all → observe.'],
    ],
    [
      { default_routing: 'review_flagged', routes: [{ service: 'pay-*', routing: 'review_all' }] },
      { default_routing: 'review_flagged' },
      ['Routing of pay-*/* became weaker: review_all → review_flagged.'],
    ],
    [
      { routes: [{ service: 'crm', routing: 'review_all', block: ['egress', 'privilege/wildcard'] }] },
      { routes: [{ service: 'crm', routing: 'review_all', block: ['privilege'] }] },
      ['egress no longer blocks for crm/*.'],
    ],
    [
      // The order decides: the narrow route is no longer reached.
      {
        default_routing: 'observe',
        routes: [
          { service: 'crm', action: 'send', routing: 'review_all' },
          { service: 'crm', routing: 'observe' },
        ],
      },
      {
        default_routing: 'observe',
        routes: [
          { service: 'crm', routing: 'observe' },
          { service: 'crm', action: 'send', routing: 'review_all' },
        ],
      },
      ['Routing of crm/send became weaker: review_all → observe.'],
    ],
  ])('%j → %j', (before, after, sentences) => {
    expect(looser(before, after)).toEqual(sentences);
  });

  test.each([
    [{ default_routing: 'observe' }, {}],
    [{}, { routes: [{ service: 'crm', routing: 'review_all', block: ['egress'] }] }],
    [{ default_routing: 'observe' }, { default_routing: 'review_flagged', expires_in_ms: 5_000_000 }],
    [
      { default_routing: 'review_flagged', routes: [{ service: 'CRM', routing: 'review_all' }] },
      { default_routing: 'review_flagged', routes: [{ service: 'crm*', routing: 'review_all' }] },
    ],
  ])('only tightens: %j → %j', (before, after) => {
    expect(looser(before, after)).toEqual([]);
  });

  const name = fc.constantFrom('a', 'ab', 'abc', 'b', 'Ab', 'c');
  const pattern = fc.oneof(
    name,
    name.map((text) => `${text}*`),
    fc.constant('*'),
  );
  const route = fc.record(
    {
      service: pattern,
      action: pattern,
      routing: fc.constantFrom(...ROUTINGS),
      block: fc.subarray(['egress', 'egress/metadata', 'sql']),
    },
    { requiredKeys: ['service', 'action', 'routing'] },
  );
  const routed = fc
    .record({ default_routing: fc.constantFrom(...ROUTINGS), routes: fc.array(route, { maxLength: 5 }) })
    .map((given) => policy(given));

  test('is called looser exactly when some action is reviewed or blocked less', () => {
    const names = ['a', 'ab', 'abc', 'abcd', 'b', 'bz', 'c', 'cz', 'az', 'abz', 'z'];
    const findings = ['egress', 'egress/metadata', 'egress/private', 'sql/drop'];
    fc.assert(
      fc.property(routed, routed, (before, after) => {
        const weaker = names.some((service) =>
          names.some((action) => {
            const [was, is] = [routeOf(before, service, action), routeOf(after, service, action)];
            return (
              ROUTINGS.indexOf(is.routing) < ROUTINGS.indexOf(was.routing) ||
              findings.some((id) => blocks(was, id) && !blocks(is, id))
            );
          }),
        );
        expect(loosenings(before, after).length > 0).toBe(weaker);
      }),
      { numRuns: 500 },
    );
  });

  test('of the largest policies is compared in time, or taken for looser', () => {
    const routes = (routing: string) =>
      Array.from({ length: 1_000 }, (_, i) =>
        i % 2 === 0 ? { service: `s${i}`, action: '*', routing } : { action: `a${i}`, routing },
      );
    const started = performance.now();
    expect(looser({ routes: routes('review_all') }, { routes: routes('observe') }).length).toBe(100);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('what is known', () => {
  test.each([
    [{}, { allowed_domains: ['partner.example'] }, ['Domain added: partner.example.']],
    [{ allowed_domains: ['yourco.example'] }, { allowed_domains: ['yourco.example', 'api.yourco.example'] }, []],
    [
      { allowed_domains: ['yourco.example'] },
      { allowed_domains: ['notyourco.example'] },
      ['Domain added: notyourco.example.'],
    ],
    [
      { allowed_domains: ['gmail.com'] },
      { allowed_domains: ['gmail.com', 'ana@gmail.com'] },
      ['Domain added: ana@gmail.com.'],
    ],
    [
      { allowed_domains: ['yourco.example'] },
      {},
      ['The policy names no destination any more, so none counts as unknown.'],
    ],
    [{ allowed_domains: ['a.example', 'b.example'] }, { allowed_domains: ['a.example'] }, []],
    [{ known_recipients: ['ana'] }, { known_recipients: ['ana', 'bob'] }, ['Known recipient added: bob.']],
  ])('%j → %j', (before, after, sentences) => {
    expect(looser(before, after)).toEqual(sentences);
  });
});

describe('switches', () => {
  test.each([
    [{}, { accept_unsigned_signals: true }, /accept_unsigned_signals/],
    [{}, { undeclared: 'lenient' }, /third-party text/],
    [{}, { widening_patches: 'second_approver' }, /once a second approver approves it/],
    [{ widening_patches: 'refuse' }, { widening_patches: 'second_approver' }, /once a second approver approves it/],
    [{ context_trust: 'tighten_only' }, {}, /context names/],
    [{ packs: ['sql', 'iam'] }, { packs: ['iam'] }, /^Rule set removed: sql\.$/],
    [{}, { arguments: [{ roles: { '/to': 'free_text' } }] }, /roles of arguments/],
  ])('%j → %j', (before, after, sentence) => {
    expect(looser(before, after)).toEqual([expect.stringMatching(sentence)]);
    expect(looser(after, before).filter((said) => !said.startsWith('The roles'))).toEqual([]);
  });

  test('to name the default changes nothing but the digest of a policy that names it', () => {
    expect(looser({}, { widening_patches: 'refuse' })).toEqual([]);
    expect(looser({ widening_patches: 'refuse' }, {})).toEqual([]);
    expect(policy()).not.toHaveProperty('widening_patches');
  });

  test('a member that nobody has judged counts', () => {
    const later = { ...policy(), later_member: 1 } as Policy;
    expect(loosenings(policy(), later)).toEqual(['later_member changed.']);
  });
});

describe('guardrails', () => {
  test.each([
    [{}, guard({ kind: 'egress', enabled: false }), ['Guardrail egress: was disabled.']],
    [{}, guard({ kind: 'shell', enabled: false }), ['Guardrail shell: was disabled.']],
    [{}, guard({ kind: 'egress', allow_private: true }), ['Guardrail egress: allow_private was switched on.']],
    [{}, guard({ kind: 'sql', max_statements: 3 }), ['Guardrail sql: max_statements rose: 1 → 3.']],
    [
      guard({ kind: 'sql', verdict: 'block' }),
      guard({ kind: 'sql', verdict: 'hold' }),
      ['Guardrail sql: verdict was lowered: block → hold.'],
    ],
    [guard({ kind: 'sql', verdict: 'block' }), {}, ['Guardrail sql: verdict was lowered: block → by severity.']],
    [
      guard({ kind: 'sql', severity: 'high' }),
      guard({ kind: 'sql', severity: 'low' }),
      ['Guardrail sql: severity may be lower: high → low.'],
    ],
    [guard({ kind: 'velocity_limit', max: 5, window_s: 60 }), {}, ['Guardrail velocity_limit was removed.']],
    [
      guard({ kind: 'velocity_limit', max: 5, window_s: 60 }),
      guard({ kind: 'velocity_limit', max: 6, window_s: 30 }),
      ['Guardrail velocity_limit: max rose: 5 → 6.', 'Guardrail velocity_limit: window_s fell: 60 → 30.'],
    ],
    [
      guard({ kind: 'egress', denied_domains: ['a.example', 'b.example'] }),
      guard({ kind: 'egress', denied_domains: ['a.example'] }),
      ['Guardrail egress: denied_domains lost b.example.'],
    ],
    [
      guard({ kind: 'egress', allowed_ports: [443] }),
      guard({ kind: 'egress', allowed_ports: [443, 22] }),
      ['Guardrail egress: allowed_ports gained 22.'],
    ],
    [
      guard({ kind: 'egress', allowed_ports: [443] }),
      guard({ kind: 'egress' }),
      ['Guardrail egress: allowed_ports was removed: any is allowed.'],
    ],
    [
      guard({ kind: 'expression', id: 'big', cel: 'true' }),
      guard({ kind: 'expression', id: 'big', cel: 'false' }),
      ['Guardrail expression "big": cel changed.'],
    ],
    [
      guard({ kind: 'velocity_limit', max: 5, window_s: 60 }),
      guard({ kind: 'velocity_limit', max: 5, window_s: 60, applies_to: [{ service: 'crm' }] }),
      ['Guardrail velocity_limit: applies_to changed.'],
    ],
  ])('%j → %j', (before, after, sentences) => {
    expect(looser(before, after)).toEqual(sentences);
  });

  test.each([
    [{}, guard({ kind: 'velocity_limit', max: 5, window_s: 60 })],
    [{}, guard({ kind: 'egress', allowed_ports: [443], verdict: 'block' })],
    [guard({ kind: 'egress', allow_private: true }), {}],
    [guard({ kind: 'egress', enabled: false }), guard({ kind: 'egress' })],
    [guard({ kind: 'velocity_limit', max: 5, window_s: 60 }), guard({ kind: 'velocity_limit', max: 4, window_s: 90 })],
    [guard({ kind: 'money', per_call: 500 }), guard({ kind: 'money', per_call: 400, per_window: 1_000 })],
    [
      guard({ kind: 'velocity_limit', max: 5, window_s: 60, applies_to: [{ service: 'crm' }] }),
      guard({ kind: 'velocity_limit', max: 5, window_s: 60 }),
    ],
  ])('only tightens: %j → %j', (before, after) => {
    expect(looser(before, after)).toEqual([]);
  });

  test.each(Object.entries(RULE_SETS))('of the rule set %s are stricter than what they replace', (name, guardrails) => {
    expect(looser({}, { packs: [name] })).toEqual([]);
    expect(looser({}, { guardrails })).toEqual([]);
  });

  test('of a built-in kind, in place of a stricter rule of a rule set', () => {
    expect(looser({ packs: ['shell'] }, { packs: ['shell'], ...guard({ kind: 'shell' }) })).toEqual([
      'Guardrail shell: deny_network was switched off.',
    ]);
  });

  test('of which all judge: one more tightens, in any order; one less does not', () => {
    const [one, two] = [
      { kind: 'velocity_limit', id: 'one', max: 5, window_s: 60 },
      { kind: 'velocity_limit', id: 'two', max: 9, window_s: 600 },
    ];
    expect(looser({ guardrails: [one] }, { guardrails: [two, one] })).toEqual([]);
    expect(looser({ guardrails: [one, two] }, { guardrails: [two] })).toEqual([
      'Guardrail velocity_limit "one" was removed.',
    ]);
  });
});
