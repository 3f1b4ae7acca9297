import { parseArgs } from 'node:util';
import type { Action, ActionContext } from '../contracts/action.ts';
import type { GuardrailRule } from '../contracts/guardrails.ts';
import type { Policy } from '../contracts/policy.ts';
import { DEFAULT_POLICY } from '../domain/firewall/policy/policy.ts';
import { screenAction } from '../domain/firewall/screen.ts';
import type { ScreenDeps } from '../domain/firewall/screen-deps.ts';
import { loadParsers } from '../runtime/parsers.ts';
import { CONTEXT_TRUST_OPTION, contextTrustOf } from './context-trust.ts';
import { type Measured, print, rowOf } from './row.ts';

const fill = (text: string, size: number): string => text.repeat(Math.ceil(size / text.length)).slice(0, size);
const CONTEXT: ActionContext = {
  untrusted: true,
  allowed_domains: ['yourco.example'],
  task: 'Send the lead report of this week to the sales team',
};

/** An ordinary call of about so many bytes: a report with rows, a few addresses and links. */
function payloadOf(bytes: number): Action {
  const rows: Record<string, unknown>[] = [];
  const payload = {
    to: 'sales-team@yourco.example',
    webhook_url: 'https://hooks.yourco.example/leads',
    period: '2026-W47',
    rows,
  };
  for (let at = 0; JSON.stringify(payload).length < bytes; at += 1) {
    rows.push({
      id: `lead_${at}`,
      name: `Lead number ${at}`,
      score: at % 100,
      stage: 'qualified',
      note: 'Asked for a call next week about the larger plan.',
    });
  }
  return { service: 'crm-agent', action: 'send_lead_report', payload };
}

const REFERENCE = payloadOf(1_024).payload;

/** So many rules, one in ten of which applies to the call. */
function policyOf(count: number): Policy {
  const guardrails = Array.from({ length: count }, (_, at): GuardrailRule => {
    const applies_to = [at % 10 === 0 ? { service: 'crm-agent' } : { service: `other-${at}` }];
    switch (Math.floor(at / 10) % 4) {
      case 0:
        return { kind: 'pattern_scanner', id: `p${at}`, pointer: '/period', pattern: `code-?${at}[a-z]+`, applies_to };
      case 1:
        return { kind: 'expression', id: `e${at}`, cel: `amounts.exists(a, a.minor > ${1_000 + at})`, applies_to };
      case 2:
        return { kind: 'money', id: `m${at}`, per_call: 1_000 + at, applies_to };
      default:
        return { kind: 'media_guard', id: `d${at}`, mime: ['image/*'], applies_to };
    }
  });
  return { ...DEFAULT_POLICY, default_routing: 'review_flagged', guardrails };
}

interface Timed {
  /** Mean CPU time, so that other load on the machine does not count. */
  cpu: number;
  p50: number;
  p99: number;
}

/** Times one call many times, after it has warmed up; milliseconds. */
function timed(run: () => void, budget_ms: number): Timed {
  // Warm up by calls, not by time: on a loaded machine half a second is not enough to compile.
  const until = performance.now() + 4_000;
  for (let calls = 0; calls < 3_000 && performance.now() < until; calls += 1) run();
  const times: number[] = [];
  const cpu = process.cpuUsage();
  const end = performance.now() + budget_ms;
  while (performance.now() < end && times.length < 20_000) {
    const started = performance.now();
    run();
    times.push(performance.now() - started);
  }
  const { user, system } = process.cpuUsage(cpu);
  const spent = (user + system) / 1_000 / times.length;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { cpu: spent, p50: at(0.5), p99: at(0.99) };
}

const PATTERNS = [
  /169\.254\.169\.254/,
  /\b10\.\d+\.\d+\.\d+/,
  /\b192\.168\.\d+\.\d+/,
  /\*:\*/,
  /admin_override/i,
  /drop\s+table/i,
  /rm\s+-rf/,
  /AKIA[A-Z0-9]{16}/,
  /-----BEGIN/,
  /bcc/i,
];

async function cedarOf(count: number): Promise<((action: Action) => void) | undefined> {
  try {
    const cedar = await import('@cedar-policy/cedar-wasm/nodejs');
    const text = Array.from(
      { length: count },
      (_, at) => `forbid(principal, action == Action::"a${at}", resource) when { context.score > ${at} };`,
    ).join('\n');
    const parsed = cedar.preparsePolicySet('bench', {
      staticPolicies: `permit(principal, action, resource);\n${text}`,
    });
    if (parsed.type !== 'success') return undefined;
    return (action) => {
      cedar.statefulIsAuthorized({
        principal: { type: 'Agent', id: action.service },
        action: { type: 'Action', id: action.action },
        resource: { type: 'Service', id: action.service },
        context: { score: 3, payload: JSON.stringify(action.payload) },
        preparsedPolicySetId: 'bench',
        entities: [],
      });
    };
  } catch {
    return undefined;
  }
}

const hostile = (): [string, Action, Policy?][] => {
  let deep: Record<string, unknown> = { url: 'http://10.0.0.1/' };
  for (let level = 0; level < 200; level += 1) deep = { deep };
  const evil: Policy = { ...policyOf(0), guardrails: [{ kind: 'pattern_scanner', pattern: '(a+)+$' }] };
  const action = (payload: Record<string, unknown>, service = 'shell-agent', name = 'run'): Action => ({
    service,
    action: name,
    payload,
  });
  const texts = [
    'http://a,',
    'a@',
    'a@b.c ',
    '%25',
    'YWFh',
    '/*',
    '1-1 ',
    '::',
    'ignore ',
    'password=',
    '$(',
    'x;',
    '"',
    '/',
    '\n',
    '\t\n',
    '\u200b',
    'www.a',
    '../',
    's/a/',
    '<svg on',
    'x=1;',
    '${a}',
    'a=b&',
    '<a>',
    'a.',
    'mailto:a?b=',
  ];
  return [
    ['10,000 keys', action(Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, `v${at}`])))],
    ['depth 200', action(deep)],
    ['evil pattern, 4 KB', action({ a: `${fill('a', 4_096)}!` }), evil],
    ...texts.map((text): [string, Action] => [
      `64 KB of ${JSON.stringify(text)} as text`,
      action({ body: fill(text, 65_536) }, 'mail', 'send_email'),
    ]),
    ...texts.map((text): [string, Action] => [
      `64 KB of ${JSON.stringify(text)} as a command`,
      action({ command: fill(text, 65_536) }),
    ]),
    ...texts.map((text): [string, Action] => [
      `19 KB of ${JSON.stringify(text)} as a command`,
      action({ command: `sed ${fill(text, 19_000)}` }),
    ]),
    ...texts.map((text): [string, Action] => [
      `19 KB of ${JSON.stringify(text)} as SQL`,
      action({ query: fill(text, 19_000) }, 'db', 'sql'),
    ]),
  ];
};

const HOSTILE_MS = 50;
/** Cheaper inputs share one row. */
const WORTH_A_ROW_MS = 10;

/** The least of three runs, in CPU time, of each hostile input. */
function hostileRows(deps: ScreenDeps): Measured[] {
  const budget = { value: HOSTILE_MS };
  const costs = hostile().map(([name, action, policy = policyOf(0)]) => {
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round += 1) {
      const before = process.cpuUsage();
      screenAction(action, CONTEXT, policy, undefined, deps);
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, (user + system) / 1_000);
    }
    return { name, least };
  });
  const cheap = costs.filter(({ least }) => least < WORTH_A_ROW_MS);
  return [
    ...costs
      .filter(({ least }) => least >= WORTH_A_ROW_MS)
      .map(({ name, least }) => ({ case: 'hostile', measure: name, value: least, unit: 'ms of CPU', budget })),
    {
      case: 'hostile',
      measure: `${cheap.length} other inputs, the slowest`,
      value: Math.max(...cheap.map(({ least }) => least)),
      unit: 'ms of CPU',
      budget,
    },
  ];
}

/** Time per call, beside Cedar, a list of regular expressions and a JSON round trip in the same run; then hostile inputs. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'context-trust': CONTEXT_TRUST_OPTION,
    },
  });
  const span = values.quick ? 150 : 1_500;
  const context_trust = contextTrustOf(values['context-trust']);
  const deps = { parsers: await loadParsers(), context_trust };
  const roundTrip = timed(() => JSON.parse(JSON.stringify(REFERENCE)), 100).cpu;
  const rows: Measured[] = [];
  for (const rules of [10, 100]) {
    const policy = policyOf(rules);
    const cedar = await cedarOf(rules);
    for (const size of [1, 16, 64]) {
      const action = payloadOf(size * 1_024);
      const own = timed(() => screenAction(action, CONTEXT, policy, undefined, deps), span);
      const peer = cedar && timed(() => cedar(action), span / 2);
      const plain = timed(() => {
        const text = JSON.stringify(action.payload);
        for (const pattern of PATTERNS) pattern.test(text);
      }, span / 4);
      const isPromised = size === 1 && rules === 100;
      const row = (measure: string, value: number, baseline: number | undefined, most?: number): Measured => ({
        case: `${size} KB, ${rules} rules`,
        measure,
        value,
        unit: 'ms',
        ...(baseline !== undefined && { baseline }),
        ...(most !== undefined && isPromised && { budget: { value: most } }),
      });
      rows.push(
        row(cedar ? 'p50, beside cedar-wasm' : 'p50 (cedar-wasm is not installed)', own.p50, peer?.p50, 0.1),
        row(cedar ? 'p99, beside cedar-wasm' : 'p99 (cedar-wasm is not installed)', own.p99, peer?.p99, 0.5),
        row('p50, beside ten regular expressions', own.p50, plain.p50),
        row('CPU, beside a JSON round trip of 1 KB', own.cpu, roundTrip),
      );
    }
  }
  rows.push(...hostileRows(deps));
  console.error(`context trust ${context_trust}`);
  print(
    rows.map((row) => rowOf('firewall-speed', row)),
    values.json,
  );
}
