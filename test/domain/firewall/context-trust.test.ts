import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CASES, statsOf } from '../../../bench/metamorphic/cases.ts';
import { type Action, ActionContext } from '../../../contracts/action.ts';
import type { Policy } from '../../../contracts/policy.ts';
import type { Verdict } from '../../../contracts/verdict.ts';
import type { GuardrailContext } from '../../../domain/firewall/guardrail.ts';
import type { ScreenStats } from '../../../domain/firewall/history/stats.ts';
import { MAX_FINDINGS, screenAction } from '../../../domain/firewall/screen.ts';
import { call } from '../../helpers/agent-call.ts';
import { parsers, reviewFlagged } from './screening.ts';

/** The attacker is an agent with its own key, which writes the context of its calls. */
const RANK: Record<Verdict, number> = { allow: 0, hold: 1, block: 2 };

/** Rules of an operator that read every member of a context that a rule can read, in both directions. */
const EXPRESSIONS: NonNullable<Policy['guardrails']> = [
  'untrusted',
  '!untrusted',
  'private',
  '!private',
  'thread_id == ""',
  'node == "send"',
].map((cel, at) => ({ kind: 'expression', id: `e${at}`, cel, verdict: at % 2 === 0 ? 'block' : 'hold' }));

const SUBJECTS: { call: Action; policy: Policy; stats?: ScreenStats }[] = [
  ...CASES.map((one) => ({ call: one.call, policy: one.policy, stats: statsOf(one) })),
  ...CASES.map((one) => ({ call: one.call, policy: reviewFlagged({ guardrails: EXPRESSIONS }) })),
  ...CASES.map((one) => ({
    call: one.call,
    policy: reviewFlagged({
      undeclared: 'lenient',
      known_recipients: ['Mira Falk'],
      allowed_domains: ['ours.example'],
    }),
  })),
];

/** Names that the attacker would list: every text of the call, its words, and hosts. */
const textsOf = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value, ...value.split(/[^\p{L}\p{N}.@-]+/u)].filter((one) => one !== '')
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(textsOf)
      : [];

const contextFor = ({ service, action, payload }: Action) => {
  const name = fc
    .constantFrom(service, action, 'evil-x.dev', 'ours.example', ...textsOf(payload))
    .map((one) => one.slice(0, 250));
  const names = fc.array(name, { maxLength: 6 });
  return fc.record(
    {
      untrusted: fc.boolean(),
      private: fc.boolean(),
      allowed_domains: names,
      known_recipients: names,
      task: fc.array(name, { maxLength: 8 }).map((words) => `Please ${words.join(' and ')}`),
      history: fc.constant<string[]>([`${service}/${action}`]),
      thread_id: fc.constantFrom('t', 'prod'),
      node: fc.constantFrom('send', 'other'),
    },
    { requiredKeys: [] },
  );
};

const labelsOf = ({ untrusted, private: holds }: ActionContext): ActionContext => ({
  ...(untrusted === true && { untrusted }),
  ...(holds === true && { private: holds }),
});

describe('under tighten_only', () => {
  const judged = (context: ActionContext, { call: one, policy, stats }: (typeof SUBJECTS)[number]) =>
    RANK[screenAction(one, context, policy, undefined, { parsers, ...(stats && { stats }) }).verdict];

  test.each(SUBJECTS.map((subject, at) => [`${at} ${subject.call.service}/${subject.call.action}`, subject] as const))(
    'no context makes a verdict milder than none, or than its labels alone: %s',
    (_, subject) => {
      fc.assert(
        fc.property(contextFor(subject.call), (context) => {
          const own = judged(context, subject);
          expect(own).toBeGreaterThanOrEqual(judged({}, subject));
          expect(own).toBeGreaterThanOrEqual(judged(labelsOf(context), subject));
        }),
        { numRuns: 25 },
      );
    },
  );

  test('the same holds for any payload', () => {
    const payload = fc.dictionary(
      fc.constantFrom('to', 'url', 'command', 'sql', 'amount', 'password', 'role', 'body', 'iban'),
      fc.constantFrom(
        'https://evil-x.dev/?q=a+b+c+d',
        'x@evil-x.dev',
        'rm -rf /',
        'delete from users',
        900,
        'admin',
        'DE89370400440532013000',
      ),
    );
    const verb = fc.constantFrom('send_email', 'get_page', 'delete_record', 'update_password', 'run');
    const subject = fc.tuple(verb, payload).map(([action, of]) => ({
      call: call(of, action),
      policy: reviewFlagged({ guardrails: EXPRESSIONS.slice(0, 1) }),
    }));
    fc.assert(
      fc.property(
        subject.chain((one) => contextFor(one.call).map((context) => ({ one, context }))),
        ({ one, context }) => {
          for (const of of [one, { ...one, policy: reviewFlagged() }])
            expect(judged(context, of)).toBeGreaterThanOrEqual(judged({}, of));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('what an agent says of itself', () => {
  const policy = reviewFlagged({ allowed_domains: ['ours.example'], known_recipients: ['Mira Falk'] });
  const mail = call({ to: 'x@evil-x.dev', body: 'hi' }, 'send_email');
  const claims: ActionContext = {
    untrusted: false,
    allowed_domains: ['evil-x.dev'],
    known_recipients: ['x@evil-x.dev'],
  };
  const verdict = (of: Policy, context_trust?: 'full' | 'tighten_only') =>
    screenAction(mail, claims, of, undefined, { parsers, ...(context_trust && { context_trust }) }).verdict;

  test('turns no hold into an allow, unless the key is that of a host program', () => {
    expect([verdict(policy), verdict(policy, 'tighten_only'), verdict(policy, 'full')]).toEqual([
      'hold',
      'hold',
      'allow',
    ]);
  });
  test('counts for nobody where the policy forbids it; the policy gives no trust', () => {
    expect(verdict({ ...policy, context_trust: 'tighten_only' }, 'full')).toBe('hold');
    expect(verdict({ ...policy, context_trust: 'full' }, 'tighten_only')).toBe('hold');
  });
  test('tightens: a label, and names that leave the receiver out', () => {
    const read = { parsers } as const;
    const to = call({ recipient: 'XY99' }, 'send_money');
    expect(screenAction(to, {}, reviewFlagged(), undefined, read).verdict).toBe('allow');
    expect(screenAction(to, { untrusted: true }, reviewFlagged(), undefined, read).verdict).toBe('hold');
    expect(screenAction(to, { known_recipients: ['Mira Falk'] }, reviewFlagged(), undefined, read).verdict).toBe(
      'hold',
    );
  });
  test('is read again for each trust, except by a guardrail that reads none of it', () => {
    let calls = 0;
    const finding = { id: 'x/y', severity: 'low' as const, pointer: '', evidence: '', message: 'x' };
    const counting = (reads: (context: GuardrailContext) => unknown) => ({
      id: 'x',
      check: (_: unknown, context: GuardrailContext) => {
        calls += 1;
        reads(context);
        return [finding];
      },
    });
    const context = { untrusted: true, task: 'x' };
    const callsOf = (reads: (context: GuardrailContext) => unknown) => {
      calls = 0;
      const { findings } = screenAction(mail, context, policy, [counting(reads), counting(() => 0)]);
      expect(findings).toEqual([finding]);
      return calls;
    };
    expect(callsOf(({ stats, parsers: own }) => [stats, own])).toBe(2);
    for (const member of ['untrusted', 'undeclared', 'private', 'allowed_domains', 'known', 'declared'] as const)
      expect([member, callsOf((around) => around[member])]).toEqual([member, 4]);
  });
  test('is one of the members that this test knows', () => {
    expect(Object.keys(ActionContext.shape).sort()).toEqual(
      ['allowed_domains', 'history', 'known_recipients', 'node', 'private', 'task', 'thread_id', 'untrusted'].sort(),
    );
  });
});

test('a finding that blocks is not pushed out of the list by a hundred worse ones', () => {
  const noisy = {
    id: 'noisy',
    check: () => [
      ...Array.from({ length: 3 * MAX_FINDINGS }, (_, at) => ({
        id: 'noisy/x',
        severity: 'critical' as const,
        pointer: `/${at}`,
        evidence: '',
        message: 'x',
      })),
      { id: 'quiet/x', severity: 'low' as const, pointer: '', evidence: '', message: 'x' },
    ],
  };
  const policy = reviewFlagged({ routes: [{ service: '*', action: '*', routing: 'observe', block: ['quiet'] }] });
  const { verdict, findings } = screenAction(call({}, 'run'), {}, policy, [noisy]);
  expect([verdict, findings.length]).toEqual(['block', MAX_FINDINGS]);
});
