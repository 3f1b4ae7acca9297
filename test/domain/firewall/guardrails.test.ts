import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GuardrailRule, RULE_SET_NAMES } from '../../../contracts/guardrails.ts';
import { Policy } from '../../../contracts/policy.ts';
import { pastAction } from '../../../domain/firewall/past-action.ts';
import { RULE_SETS } from '../../../domain/firewall/policy/rule-sets.ts';
import { policyProblems } from '../../../domain/firewall/policy-problems.ts';
import { screenResolved } from '../../../domain/firewall/resolved.ts';
import { screenAction } from '../../../domain/firewall/screen.ts';
import { call } from '../../helpers/agent-call.ts';
import { foundIn, parsers, reviewFlagged } from './screening.ts';

const under = (rule: GuardrailRule, action: ReturnType<typeof call>, stats?: Parameters<typeof foundIn>[3]): string[] =>
  foundIn(action, {}, reviewFlagged({ guardrails: [rule] }), stats);
const NOW = 1_800_000_000_000;

describe('personal data and secrets', () => {
  const digit = fc.integer({ min: 0, max: 9 });
  const card = fc.array(digit, { minLength: 14, maxLength: 14 }).map((some) => {
    const digits = [4, ...some];
    const sum = digits.reduceRight((all, one, at) => {
      const twice = (digits.length - at) % 2 === 1 ? one * 2 : one;
      return all + (twice > 9 ? twice - 9 : twice);
    }, 0);
    return [...digits, (10 - (sum % 10)) % 10].join('');
  });
  const written = (number: string): fc.Arbitrary<string> =>
    fc.constantFrom(
      number,
      number.replace(/(.{4})(?=.)/g, '$1 '),
      number.replace(/(.{4})(?=.)/g, '$1-'),
      [...number].map((one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0)).join(''),
      Buffer.from(`card ${number}`).toString('base64'),
    );
  test('a card number in any notation is held for an unknown receiver and recorded for a known one', () => {
    fc.assert(
      fc.property(card.chain(written), (body) => {
        const policy = reviewFlagged({ allowed_domains: ['yourco.example'] });
        const out = foundIn(call({ to: 'x@elsewhere.example', body }, 'send'), {}, policy);
        const home = screenAction(call({ to: 'x@yourco.example', body }, 'send'), {}, policy, undefined, { parsers });
        return (
          out.includes('pii_scanner/card /body') &&
          home.verdict === 'allow' &&
          home.findings.every((one) => one.severity === 'low')
        );
      }),
      { numRuns: 60 },
    );
  });
  test('findings do not contain it', () => {
    const body = 'password: hunter22hunter and 4111 1111 1111 1111';
    const { findings } = screenAction(
      call({ to: 'x@elsewhere.example', body }, 'send'),
      { untrusted: true },
      reviewFlagged(),
      undefined,
      { parsers },
    );
    const shown = findings
      .filter((one) => /scanner/.test(one.id))
      .map((one) => one.evidence)
      .join(' ');
    expect(shown).not.toMatch(/hunter|4111/);
    expect(findings.map((one) => one.id)).toEqual(
      expect.arrayContaining(['secret_scanner/secret', 'pii_scanner/card']),
    );
  });
  const letters = fc.stringMatching(/^[A-Z2-7]{16}$/);
  test('keys are found by their shape', () => {
    fc.assert(
      fc.property(letters, fc.constantFrom('AKIA', 'ASIA'), (rest, head) =>
        foundIn(call({ to: 'x@elsewhere.example', body: `see ${head}${rest}` }, 'send')).includes(
          'secret_scanner/secret /body',
        ),
      ),
    );
  });
  test.each([
    'Order 4111-22-333 is ready',
    '2026-01-01..2026-03-31',
    'card ending 1111',
    'call 10.4.2.1',
    '0c9f3b1e-9b0a-4f6e-8a55-001122334455',
  ])('allows %s', (body) => {
    expect(
      foundIn(
        call({ to: 'x@yourco.example', body }, 'send'),
        {},
        reviewFlagged({ allowed_domains: ['yourco.example'] }),
      ),
    ).toEqual([]);
  });
});

describe('infrastructure', () => {
  const plan = (actions: string[]) =>
    call({ plan: { resource_changes: [{ address: 'db.main', change: { actions } }] } }, 'apply', 'terraform');
  test('a plan that deletes or replaces a resource is held', () => {
    expect(foundIn(plan(['delete']))).toEqual(['infrastructure/deletes /plan/resource_changes/0/change/actions/0']);
    expect(foundIn(plan(['create', 'delete']))).toEqual([
      'infrastructure/deletes /plan/resource_changes/0/change/actions/1',
    ]);
    for (const fine of ['no-op', 'read', 'create', 'update']) expect(foundIn(plan([fine]))).toEqual([]);
    expect(
      under({ kind: 'infrastructure', allow_delete: true, protected_resources: ['db.*'] }, plan(['delete'])),
    ).toEqual(['infrastructure/protected /plan/resource_changes/0/change/actions/0']);
  });
  test('inbound access from every address is held, as one range or two halves; outbound access is not', () => {
    const half = fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 255 }))
      .map(([bits, first]) => `${first}.0.0.0/${bits}`);
    fc.assert(
      fc.property(half, (cidr) => foundIn(call({ ingress: [{ cidr_blocks: [cidr] }] }, 'apply', 'aws')).length > 0),
    );
    expect(foundIn(call({ egress: [{ cidr_blocks: ['0.0.0.0/0'] }] }, 'apply', 'aws'))).toEqual([]);
    expect(foundIn(call({ ingress: [{ cidr_blocks: ['203.0.113.0/24'] }] }, 'apply', 'aws'))).toEqual([]);
  });
  test('a deny statement may contain a wildcard', () => {
    expect(
      foundIn(call({ policy: { Statement: [{ Effect: 'Deny', NotAction: 'iam:*', Resource: '*' }] } }, 'apply', 'aws')),
    ).toEqual([]);
    expect(
      foundIn(
        call({ policy: { Statement: [{ Effect: 'Allow', NotAction: 'a:Get', Resource: 'x' }] } }, 'apply', 'aws'),
      ),
    ).toEqual(['infrastructure/wide_policy /policy/Statement/0/NotAction']);
  });
});

describe('counting', () => {
  const pay = (amount: number, recipient = 'R-1') => call({ amount, currency: 'EUR', recipient }, 'pay');
  const past = (count: number, amount = 100, ago_s = 10) =>
    Array.from({ length: count }, () => pastAction(pay(amount), NOW - ago_s * 1_000, 'a'));
  const stats = (some: ReturnType<typeof past>) => ({ now_ms: NOW, agent: 'a', past: some });
  test('split payments add up over the window, per agent and per target', () => {
    const rule: GuardrailRule = { kind: 'money', per_window: 1_000, per_call: 500 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 300 }), (count, amount) => {
        const found = under(rule, pay(amount), stats(past(count, amount)));
        return found.includes('money/over_window /amount') === (count + 1) * amount > 1_000;
      }),
    );
    expect(under(rule, pay(501), stats([]))).toEqual(['money/over_limit /amount']);
    expect(under(rule, pay(400), stats(past(9, 100, 90_000)))).toEqual([]);
    expect(under(rule, pay(400))).toEqual(['money/no_history ']);
  });
  test('a refund never exceeds its charge', () => {
    const rule: GuardrailRule = { kind: 'money', original_pointer: '/charge' };
    expect(under(rule, call({ charge: 100, amount: 100 }, 'refund'))).toEqual([]);
    expect(under(rule, call({ charge: 100, amount: 101 }, 'refund'))).toEqual(['money/over_original /amount']);
  });
  test('velocity, loops and similar calls', () => {
    expect(under({ kind: 'velocity_limit', max: 3, window_s: 60 }, pay(1), stats(past(2)))).toEqual([]);
    expect(under({ kind: 'velocity_limit', max: 3, window_s: 60 }, pay(1), stats(past(3)))).toEqual([
      'velocity_limit/too_many ',
    ]);
    expect(under({ kind: 'loop_breaker', max_repeats: 3 }, pay(100), stats(past(3)))).toEqual([
      'loop_breaker/repeated ',
    ]);
    expect(under({ kind: 'loop_breaker', max_repeats: 3 }, pay(101), stats(past(3)))).toEqual([]);
    expect(under({ kind: 'loop_breaker', max_repeats: 3, match: 'skeleton' }, pay(101), stats(past(3)))).toEqual([
      'loop_breaker/repeated ',
    ]);
    const text =
      'please find attached the report on the third quarter of this year and tell me what you think of it by the end of the week';
    const note = (tail: string) => call({ text: `${text} ${tail}` }, 'note');
    const alike = Array.from({ length: 5 }, (_, at) => pastAction(note(`n${at}`), NOW - 1_000, 'a'));
    expect(under({ kind: 'semantic_loop', threshold: 0.7 }, note('z'), { now_ms: NOW, past: alike })).toEqual([
      'semantic_loop/similar ',
    ]);
    expect(
      under(
        { kind: 'semantic_loop', threshold: 0.7 },
        call({ text: 'nothing of the kind is said in here at all' }, 'note'),
        { now_ms: NOW, past: alike },
      ),
    ).toEqual([]);
  });
});

describe("the operator's own rules", () => {
  test('a pattern, a list, and the negation of each', () => {
    expect(
      under({ kind: 'pattern_scanner', id: 'words', pattern: 'se[ck]ret', case: 'ignore' }, call({ a: 'a SECRET b' })),
    ).toEqual(['words/match /a']);
    expect(
      under(
        { kind: 'pattern_scanner', pointer: '/tier', values: ['gold'], negate: true },
        call({ tier: 'lead', b: 'x' }),
      ),
    ).toEqual(['pattern_scanner/match /tier']);
  });
  test('an expression sees the call and its numbers', () => {
    const rule: GuardrailRule = { kind: 'expression', cel: 'action == "pay" && amounts.exists(a, a.minor > 500)' };
    expect(under(rule, call({ amount: 501 }, 'pay'))).toEqual(['expression/true ']);
    expect(under(rule, call({ amount: 500 }, 'pay'))).toEqual([]);
    expect(under({ kind: 'expression', cel: 'payload.missing == 1' }, call({}))).toEqual(['guardrail_failed ']);
  });
  test('a schema, a list of actions, media', () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    expect(under({ kind: 'json_schema', schema }, call({ n: 'x' }))).toEqual(['json_schema/mismatch /n']);
    expect(under({ kind: 'unknown_action', known: [{ service: 'agent', action: 'read*' }] }, call({}))).toEqual([
      'unknown_action/unlisted ',
    ]);
    expect(
      under(
        { kind: 'media_guard', mime: ['image/*'], max_pixels: 100 },
        call({ pic: { mime: 'video/mp4', width: 20, height: 6 } }),
      ),
    ).toEqual(['media_guard/mime /pic/mime', 'media_guard/pixels /pic/width']);
  });
  test('verdict and severity of a rule override those of its findings', () => {
    const screenPayload = (rule: GuardrailRule) =>
      screenAction(call({ a: 'x' }), {}, reviewFlagged({ guardrails: [rule] }), undefined, { parsers });
    expect(screenPayload({ kind: 'pattern_scanner', pattern: 'x', verdict: 'block' }).verdict).toBe('block');
    expect(screenPayload({ kind: 'pattern_scanner', pattern: 'x', severity: 'low' }).verdict).toBe('allow');
    expect(screenPayload({ kind: 'pattern_scanner', pattern: 'x', severity: 'low', verdict: 'hold' })).toMatchObject({
      verdict: 'hold',
      held_by: 'finding',
    });
    expect(
      screenPayload({ kind: 'pattern_scanner', pattern: 'x', applies_to: [{ service: 'other' }] }).findings,
    ).toEqual([]);
  });
  test('a rule replaces the built-in guardrail where it applies, and only there', () => {
    const policy = reviewFlagged({
      guardrails: [{ kind: 'privilege', enabled: false, applies_to: [{ service: 'iam' }] }],
    });
    const grant = { permissions: ['*:*'] };
    expect(foundIn(call(grant, 'set', 'iam'), {}, policy)).toEqual([]);
    expect(foundIn(call(grant, 'set', 'crm'), {}, policy)).toEqual(['privilege/wildcard /permissions/0']);
  });
  test('a rule whose engine is missing holds', () => {
    const policy = reviewFlagged({
      default_routing: 'observe',
      guardrails: [{ kind: 'pattern_scanner', pattern: 'x' }],
    });
    expect(screenAction(call({}), {}, policy)).toMatchObject({
      verdict: 'hold',
      findings: [{ id: 'guardrail_failed', evidence: 'pattern_scanner' }],
    });
  });
});

describe('refused when it is saved, with the place and the reason', () => {
  const problems = (...guardrails: GuardrailRule[]) => policyProblems(reviewFlagged({ guardrails }), parsers);
  test.each<[string, GuardrailRule, string]>([
    ['look-ahead', { kind: 'pattern_scanner', pattern: 'a(?=b)' }, '/guardrails/0/pattern'],
    ['look-behind', { kind: 'pattern_scanner', pattern: '(?<=a)b' }, '/guardrails/0/pattern'],
    ['a back-reference', { kind: 'pattern_scanner', pattern: '(a)\\1' }, '/guardrails/0/pattern'],
    ['a count above 1000', { kind: 'pattern_scanner', pattern: 'a{1001}' }, '/guardrails/0/pattern'],
    ['half an expression', { kind: 'expression', cel: 'amounts.exists(' }, '/guardrails/0/cel'],
    ['an unknown variable', { kind: 'expression', cel: 'paylod.a == 1' }, '/guardrails/0/cel'],
    ['a schema of no type', { kind: 'json_schema', schema: { type: 'thing' } }, '/guardrails/0/schema'],
    ['a schema elsewhere', { kind: 'json_schema', schema: { $ref: 'https://a.example/s' } }, '/guardrails/0/schema'],
    ['no address', { kind: 'egress', extra_blocked_addresses: ['10.0.0'] }, '/guardrails/0/extra_blocked_addresses'],
    ['neither pattern nor values', { kind: 'pattern_scanner' }, '/guardrails/0'],
  ])('%s', (_, rule, pointer) => {
    expect(problems(rule)).toEqual([{ pointer, reason: expect.stringMatching(/\S/) }]);
  });
  test('two rules with one id', () => {
    const rule: GuardrailRule = { kind: 'velocity_limit', id: 'x', max: 1, window_s: 1 };
    expect(problems(rule, rule)).toEqual([{ pointer: '/guardrails/1/id', reason: expect.any(String) }]);
  });
  test('a policy with an unknown kind or parameter is refused', () => {
    expect(Policy.safeParse({ guardrails: [{ kind: 'egress', alow_private: true }] }).success).toBe(false);
    expect(Policy.safeParse({ guardrails: [{ kind: 'egres' }] }).success).toBe(false);
  });
  test('a hostile pattern takes linear time', () => {
    const before = process.cpuUsage();
    under({ kind: 'pattern_scanner', pattern: '(a+)+$' }, call({ a: `${'a'.repeat(5_000)}!` }));
    const { user } = process.cpuUsage(before);
    expect(user / 1_000).toBeLessThan(2_000);
  });
});

describe('egress', () => {
  const rule: GuardrailRule = {
    kind: 'egress',
    allowed_schemes: ['https'],
    allowed_domains: ['a.example'],
    denied_domains: ['no.a.example'],
    allowed_ports: [443],
    allowed_methods: ['GET'],
    allowed_paths: ['/v1'],
    extra_blocked_addresses: ['93.184.216.0/24'],
  };
  test.each([
    ['https://api.a.example/v1/x', []],
    ['https://no.a.example/v1', ['egress/denied_domain /url']],
    ['https://a.example.b.example/v1', ['egress/unlisted_domain /url']],
    ['http://a.example/v1', ['egress/scheme /url']],
    ['https://a.example:8443/v1', ['egress/port /url']],
    ['https://a.example/v1/../admin', ['egress/path /url']],
    ['https://a.example/v10', ['egress/path /url']],
    ['https://93.184.216.9/v1', ['egress/blocked_address /url']],
  ])('%s', (url, ids) => {
    expect(under(rule, call({ url }, 'get_page'))).toEqual(ids);
  });
  test('methods, and private networks that are allowed without metadata', () => {
    expect(under(rule, call({ url: 'https://a.example/v1', method: 'delete' }, 'get_page'))).toEqual([
      'egress/method /method',
    ]);
    const open: GuardrailRule = { kind: 'egress', allow_private: true };
    expect(under(open, call({ url: 'http://10.0.0.1/' }))).toEqual([]);
    expect(under(open, call({ url: 'http://169.254.169.254/' }))).toEqual(['egress/metadata /url']);
  });
  test('a URL in several members', () => {
    const quad = fc.tuple(fc.constantFrom('10', '192.168', '172.16'), fc.nat(255)).map(
      ([head, tail]) =>
        `${head}.${Array(4 - head.split('.').length)
          .fill(tail)
          .join('.')}`,
    );
    fc.assert(
      fc.property(quad, fc.constantFrom('scheme', 'protocol'), (host, scheme) =>
        foundIn(call({ [scheme]: 'http', host, port: 80, path: '/x' })).some((one) => one.startsWith('egress/private')),
      ),
    );
    expect(foundIn(call({ protocol: 'gopher', host: '2130706433', path: '/' }))).toContain('egress/scheme /host');
  });
  test('the addresses of a name, from the given resolver', async () => {
    const asked: string[] = [];
    const resolve = async (host: string) => {
      asked.push(host);
      if (host === 'gone.example') throw new Error('no');
      return host === 'inside.example' ? ['203.0.113.1', '10.0.0.4'] : ['93.184.216.34'];
    };
    const ids = async (url: string) =>
      (await screenResolved(call({ url }), {}, reviewFlagged(), { resolve, parsers })).findings.map((one) => one.id);
    expect(await ids('https://inside.example/')).toEqual(['egress/resolves_inside']);
    expect(await ids('https://gone.example/')).toEqual(['egress/unresolved_name']);
    expect(await ids('https://fine.example/')).toEqual([]);
    expect(await ids('http://10.0.0.1/')).toEqual(['egress/private']);
    expect(asked).toEqual(['inside.example', 'gone.example', 'fine.example']);
  });
});

test('rule sets are valid rules of a policy', () => {
  for (const name of RULE_SET_NAMES) {
    const policy = Policy.parse({ default_routing: 'review_flagged', guardrails: RULE_SETS[name] });
    expect(policyProblems(policy, parsers)).toEqual([]);
    expect(GuardrailRule.array().parse(RULE_SETS[name])).toEqual(RULE_SETS[name]);
  }
  const policy = reviewFlagged({ packs: ['http'] });
  expect(foundIn(call({ url: 'http://a.example/' }, 'get_page'), {}, policy)).toEqual(['egress/scheme /url']);
});

test('the actions of the demo', () => {
  const policy = reviewFlagged({ allowed_domains: ['yourco.com'] });
  const holding = (action: ReturnType<typeof call>) =>
    screenAction(action, {}, policy, undefined, { parsers })
      .findings.filter((one) => one.severity !== 'low')
      .map((one) => `${one.id} ${one.pointer}`);
  expect(
    holding(call({ method: 'GET', url: 'http://169.254.169.254/latest/' }, 'http_request', 'infra-agent')),
  ).toEqual(['egress/metadata /url']);
  expect(
    holding(
      call(
        {
          to: 'sales-team@yourco.com',
          webhook_urls: ['https://internal.yourco.com/hook', 'https://attacker.example/x'],
        },
        'send_lead_report',
        'crm-agent',
      ),
    ),
  ).toEqual(['destination/extra_domain /webhook_urls/1']);
  expect(
    holding(call({ user_id: 'u', admin_override: true, permissions: ['*:*'] }, 'update_user_role', 'iam-agent')),
  ).toEqual(['privilege/override_flag /admin_override', 'privilege/wildcard /permissions/0']);
  expect(holding(call({ query: 'DROP TABLE users' }, 'sql', 'db-agent'))).toEqual(['sql/destructive /query']);
  expect(
    holding(call({ order: 'A-1', amount: 4900, currency: 'EUR', reason: 'broken' }, 'refund', 'billing-agent')),
  ).toEqual([]);
  for (const action of ['find_customer', 'read_calendar', 'summarise'])
    expect(holding(call({ customer: 'Ana', text: 'a week' }, action, 'crm-agent'))).toEqual([]);
});
