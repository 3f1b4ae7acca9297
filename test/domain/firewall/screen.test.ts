import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy } from '../../../contracts/policy.ts';
import { Policy as PolicySchema } from '../../../contracts/policy.ts';
import { type Finding, SEVERITIES, type Severity, VERDICTS } from '../../../contracts/verdict.ts';
import { MAX_EVIDENCE_LENGTH } from '../../../domain/firewall/finding.ts';
import type { Guardrail } from '../../../domain/firewall/guardrail.ts';
import { DEFAULT_POLICY, routeOf } from '../../../domain/firewall/policy/policy.ts';
import { GUARDRAILS, MAX_FINDINGS, screenAction } from '../../../domain/firewall/screen.ts';
import { reviewFlagged, screenPayload } from './screening.ts';

const action = { service: 'crm', action: 'send', payload: {} };
const finding = (severity: Severity, id = `test/${severity}`): Finding => ({
  id,
  severity,
  pointer: '',
  evidence: '',
  message: 'x',
});
const reporting = (...findings: Finding[]): Guardrail => ({ id: 'test', check: () => findings });
const screened = (policy: Partial<Policy>, findings: Finding[] = [], untrusted = false) =>
  screenAction(action, { untrusted }, { ...DEFAULT_POLICY, ...policy }, [reporting(...findings)]);

describe('routing', () => {
  test('the default policy holds everything', () => {
    expect(PolicySchema.parse({})).toEqual(DEFAULT_POLICY);
    expect(screened({})).toEqual({ verdict: 'hold', findings: [], held_by: 'policy' });
    expect(screened({}, [finding('low')])).toMatchObject({ held_by: 'policy' });
    expect(screened({}, [finding('medium')])).toMatchObject({ held_by: 'finding' });
  });

  test('review_flagged holds from medium on, and from low on under untrusted context', () => {
    const policy = { default_routing: 'review_flagged' } as const;
    expect(screened(policy).verdict).toBe('allow');
    expect(screened(policy, [finding('low')]).verdict).toBe('allow');
    expect(screened(policy, [finding('low')], true)).toMatchObject({ verdict: 'hold', held_by: 'finding' });
    expect(screened(policy, [], true).verdict).toBe('allow');
    expect(screened(policy, [finding('medium')])).toMatchObject({ verdict: 'hold', held_by: 'finding' });
  });

  test('observe allows everything that its route does not block', () => {
    const observe = { service: '*', action: '*', routing: 'observe' } as const;
    expect(screened({ routes: [observe] }, [finding('critical')])).toMatchObject({ verdict: 'allow', findings: [{}] });
    const blocking = (block: string[]) =>
      screened({ routes: [{ ...observe, block }] }, [finding('low', 'egress/metadata')]);
    expect(blocking(['egress']).verdict).toBe('block');
    expect(blocking(['egress/metadata'])).not.toHaveProperty('held_by');
    expect(blocking(['egress/meta', 'egr', 'destination']).verdict).toBe('allow');
  });

  test('the first route that matches wins, by whole name, prefix or star', () => {
    const policy: Policy = {
      ...DEFAULT_POLICY,
      expires_in_ms: 5_000,
      routes: [
        { service: 'crm', action: 'delete*', routing: 'review_all', block: ['egress'] },
        { service: 'crm', action: '*', routing: 'observe', expires_in_ms: 9_000 },
        { service: '*', action: 'read', routing: 'review_flagged' },
      ],
    };
    expect(routeOf(policy, 'crm', 'delete_lead')).toEqual({
      routing: 'review_all',
      expires_in_ms: 5_000,
      block: ['egress'],
    });
    expect(routeOf(policy, 'CRM', 'send')).toEqual({ routing: 'observe', expires_in_ms: 9_000 });
    expect(routeOf(policy, 'ｃｒｍ\u200b', 'Delete')).toMatchObject({ routing: 'review_all' });
    expect(routeOf(policy, 'crmx', 'read').routing).toBe('review_flagged');
    expect(routeOf(policy, 'other', 'send').routing).toBe('review_all');
    expect(routeOf(DEFAULT_POLICY, 'a', 'b')).toEqual({ routing: 'review_all' });
  });
});

describe('failing closed', () => {
  const bad: [string, unknown][] = [
    ['undefined', undefined],
    ['a promise', Promise.resolve([])],
    ['a text', 'fine'],
    ['findings without an id', [{ severity: 'low' }]],
    ['an unknown severity', [{ ...finding('low'), severity: 'toString' }]],
  ];
  test.each(bad)('a guardrail that answers %s holds, and the finding names it', (_, answer) => {
    const broken = { id: 'broken', check: () => answer } as unknown as Guardrail;
    const observe = { ...DEFAULT_POLICY, default_routing: 'observe' } as const;
    const screening = screenAction(action, {}, observe, [reporting(finding('low')), broken]);
    expect(screening).toMatchObject({ verdict: 'hold', held_by: 'finding' });
    expect(screening.findings.map((one) => `${one.id} ${one.evidence}`)).toEqual([
      'guardrail_failed broken',
      'test/low ',
    ]);
  });

  test('each guardrail that throws, alone and in pairs', () => {
    const throwing = (guardrail: Guardrail): Guardrail => ({
      id: guardrail.id,
      check: () => {
        throw guardrail.id;
      },
    });
    for (const a of GUARDRAILS) {
      for (const b of GUARDRAILS) {
        const some = GUARDRAILS.map((one) => (one === a || one === b ? throwing(one) : one));
        expect(screenAction(action, {}, reviewFlagged({ default_routing: 'observe' }), some).verdict).toBe('hold');
      }
    }
  });

  test('a sealed payload is held under every policy, and blocked where it has a blocked finding', () => {
    const policy = reviewFlagged({ routes: [{ service: '*', action: '*', routing: 'observe', block: ['egress'] }] });
    const sealed = { _lp_enc: true, iv: 'x', ct: 'y' };
    expect(screenPayload(sealed, policy)).toMatchObject({
      verdict: 'hold',
      held_by: 'finding',
      findings: [{ id: 'sealed_payload' }],
    });
    expect(screenPayload({ ...sealed, url: 'http://10.0.0.1/' }, policy).verdict).toBe('block');
  });

  test('a payload that was not fully read is held where a route blocks findings', () => {
    let deep: Record<string, unknown> = { url: 'http://10.0.0.1/' };
    for (let level = 0; level < 200; level += 1) deep = { deep };
    const observe = (block: string[]) =>
      reviewFlagged({ routes: [{ service: '*', action: '*', routing: 'observe', block }] });
    expect(screenPayload(deep, observe([])).verdict).toBe('allow');
    expect(screenPayload(deep, observe(['egress'])).verdict).toBe('hold');
    expect(screenPayload(deep)).toMatchObject({ verdict: 'hold', findings: [{ id: 'payload_not_fully_judged' }] });
  });
});

test('_lp_meta is not judged', () => {
  const payload = { a: 1, _lp_meta: { url: 'http://10.0.0.1/' } };
  expect(screenPayload(payload)).toEqual({ verdict: 'allow', findings: [] });
});

test('more than 100 findings are cut to the worst ones, and a finding reports the cut', () => {
  const urls = [...Array(150).fill('http://10.0.0.1/'), 'http://169.254.169.254/'];
  const { findings } = screenPayload({ urls });
  expect(findings).toHaveLength(MAX_FINDINGS);
  expect(findings[0]).toMatchObject({ id: 'egress/metadata', pointer: '/urls/150' });
  expect(findings.at(-1)).toMatchObject({ id: 'payload_not_fully_judged' });
});

test('evidence is short and names invisible characters', () => {
  const url = `http://10.0.0.1/\u202e${'x'.repeat(500)}`;
  const evidence = screenPayload({ url }).findings[0]?.evidence ?? '';
  expect(evidence).toMatch(/^http:\/\/10\.0\.0\.1\/U\+202Ex+…$/);
  expect(evidence.length).toBeLessThanOrEqual(MAX_EVIDENCE_LENGTH);
});

describe('properties', () => {
  const routing = fc.constantFrom('observe', 'review_flagged', 'review_all' as const) as fc.Arbitrary<
    Policy['default_routing']
  >;
  const findings = fc.array(
    fc.constantFrom(...SEVERITIES).map((severity) => finding(severity)),
    { maxLength: 4 },
  );
  const block = fc.subarray(SEVERITIES.map((severity) => `test/${severity}`));
  const rank = (verdict: string): number => VERDICTS.indexOf(verdict as 'allow');

  test('any JSON gets the same verdict twice and never throws', () => {
    const hostile = fc.constantFrom('http://[', '%', '\ud800', '__proto__', '*', 'a@', '//', '{"a":', 'xn--', '=');
    const value = fc.jsonValue({
      maxDepth: 5,
      stringUnit: fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), hostile),
    });
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), value), routing, (payload, default_routing) => {
        const policy = reviewFlagged({ default_routing, allowed_domains: ['a.example'] });
        const first = screenPayload(payload, policy);
        expect(screenPayload(structuredClone(payload), policy)).toEqual(first);
        expect(first.findings.some((one) => one.id === 'guardrail_failed')).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  test('more findings or untrusted context never loosen a verdict', () => {
    fc.assert(
      fc.property(routing, findings, findings, block, fc.boolean(), (mode, some, more, blocked, untrusted) => {
        const policy = { routes: [{ service: '*', action: '*', routing: mode, block: blocked }] };
        const before = rank(screened(policy, some, untrusted).verdict);
        expect(rank(screened(policy, [...some, ...more], untrusted).verdict)).toBeGreaterThanOrEqual(before);
        expect(rank(screened(policy, some, true).verdict)).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  test('the worst finding decides, in any order', () => {
    fc.assert(
      fc.property(routing, findings, block, (mode, some, blocked) => {
        const policy = { routes: [{ service: '*', action: '*', routing: mode, block: blocked }] };
        const alone = Math.max(
          rank(screened(policy).verdict),
          ...some.map((one) => rank(screened(policy, [one]).verdict)),
        );
        expect(rank(screened(policy, some).verdict)).toBe(alone);
        expect(rank(screened(policy, [...some].reverse()).verdict)).toBe(alone);
      }),
    );
  });
});
