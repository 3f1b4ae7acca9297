import { parseArgs } from 'node:util';
import type { Action, ActionContext } from '../contracts/action.ts';
import type { Policy } from '../contracts/policy.ts';
import { guardrailsFor } from '../domain/firewall/active-guardrails.ts';
import { contextOf } from '../domain/firewall/guardrail-context.ts';
import { parseAction } from '../domain/firewall/parsing/parse-action.ts';
import { DEFAULT_POLICY } from '../domain/firewall/policy/policy.ts';
import { screenAction } from '../domain/firewall/screen.ts';
import { loadParsers } from '../runtime/parsers.ts';
import { randomOf } from './metamorphic/compare.ts';
import { type Measured, print, rowOf } from './row.ts';

/** Larger bodies are screened on a thread that is ended. */
const BODY_BYTES = 16 * 1024;
const BUDGET_MS = 50;
/** The size for which calls are made now: growth is measured by halving it. */
let bytes = BODY_BYTES;

/** What every project has. */
const BUILT_IN: Policy = { ...DEFAULT_POLICY, default_routing: 'review_flagged' };
/** Every kind of rule that an operator can add. */
export const POLICY: Policy = {
  ...DEFAULT_POLICY,
  default_routing: 'review_flagged',
  allowed_domains: ['yourco.example', 'ours.example'],
  known_recipients: ['ana@yourco.example'],
  arguments: [{ service: '*', action: '*', roles: { '/path': 'path', '/run': 'command' } }] as never,
  guardrails: [
    { kind: 'shell', allowed_paths: ['/workspace'] },
    {
      kind: 'egress',
      allowed_domains: ['ours.example'],
      allowed_paths: ['/public'],
      denied_domains: ['theirs.example'],
    },
    { kind: 'sql', allowed_relations: ['public.users'] },
    { kind: 'pattern_scanner', pattern: '(a+)+$|code-?[0-9]{1,30}[a-z]+' },
    { kind: 'pattern_scanner', id: 'negated', pattern: '^[a-z]*$', negate: true, pointer: '/body' },
    { kind: 'expression', cel: 'amounts.exists(a, a.minor > 100000) && destinations.exists(d, d.receiver == "x")' },
    { kind: 'expression', id: 'items', cel: 'has(payload.items) && payload.items.exists(i, i == "x")' },
    { kind: 'money', per_call: 1_000 },
    { kind: 'cost_guard', per_call: 1_000, max_bytes: 100_000 },
    { kind: 'media_guard', mime: ['image/*'], max_pixels: 1_000_000 },
    { kind: 'velocity_limit', max: 5, window_s: 60 },
    { kind: 'loop_breaker' },
    { kind: 'loop_breaker', id: 'shapes', match: 'skeleton' },
    { kind: 'semantic_loop' },
    { kind: 'json_schema', schema: { type: 'object', properties: { items: { type: 'array', uniqueItems: true } } } },
    { kind: 'pii_scanner', entities: ['card', 'iban', 'national_id', 'email', 'phone'] },
    { kind: 'secret_scanner', extra_patterns: ['key-[0-9a-f]{20,40}'] },
    { kind: 'unknown_action', known: [{ service: 'mail' }] },
  ],
};
export const CONTEXT: ActionContext = {
  untrusted: true,
  task: 'Send the report of this week',
  allowed_domains: ['ours.example'],
};
export const STATS = { now_ms: 1_800_000_000_000, agent: 'a', past: [] };

/** A way to put text into a call. `text(n)` is a text of at most n characters. */
type Shape = (text: (length: number) => string) => Action;
const call = (service: string, action: string, payload: Record<string, unknown>): Action => ({
  service,
  action,
  payload,
});
/** So many values of so many characters as fit. */
const values = (text: (length: number) => string, each: number): string[] => {
  const found: string[] = [];
  for (let room = bytes - 400; room > 0; room -= JSON.stringify(found.at(-1)).length + 1)
    found.push(text(each) + (found.length % 7));
  return found;
};
const nested = (depth: number, core: unknown): unknown => (depth === 0 ? core : { inner: nested(depth - 1, core) });
const half = (text: (length: number) => string, share: number) => text(Math.floor((bytes - 600) / share));

const SHAPES: Record<string, Shape> = {
  text: (text) => call('mail', 'send_email', { to: 'ana@yourco.example', body: half(text, 1) }),
  'text of an unknown action': (text) => call('x', 'do', { value: half(text, 1) }),
  command: (text) => call('shell-agent', 'run', { command: half(text, 1) }),
  'command with operands': (text) => call('shell-agent', 'run', { command: `find ${half(text, 1)}` }),
  'arguments of a command': (text) => call('shell-agent', 'run', { command: 'sh', args: values(text, 6) }),
  sql: (text) => call('db', 'sql', { query: half(text, 1) }),
  'sql after select': (text) => call('db', 'sql', { query: `select ${half(text, 1)}` }),
  'sql conditions': (text) => call('db', 'sql', { query: `delete from t where ${half(text, 1)}` }),
  url: (text) => call('web', 'http_request', { url: `http://${half(text, 1)}` }),
  'a host': (text) => call('web', 'http_request', { host: half(text, 1), path: '/p' }),
  'many urls': (text) => call('web', 'http_request', { urls: values((length) => `http://${text(length)}`, 8) }),
  'many hosts': (text) => call('web', 'http_request', { hosts: values(text, 12) }),
  'parts of a url': (text) =>
    call('web', 'http_request', {
      parts: values(text, 8)
        .map((host) => ({ scheme: 'https', host, path: host }))
        .slice(0, 250),
    }),
  receivers: (text) => call('mail', 'send_email', { to: values((length) => `${text(length)}@a.co`, 4), body: 'x' }),
  'small values': (text) => call('crm', 'update', { items: values(text, 3) }),
  'values of one character': (text) => call('crm', 'update', { items: values(text, 1) }),
  keys: (text) =>
    call(
      'crm',
      'update',
      Object.fromEntries(
        values(text, 8)
          .slice(0, 900)
          .map((key, at) => [`${key}${at}`, 1]),
      ),
    ),
  'keys of rights': (text) => call('iam', 'update_role', { permissions: values(text, 5), role: half(text, 4) }),
  objects: (text) =>
    call('crm', 'update', {
      rows: values(text, 10)
        .slice(0, 500)
        .map((name) => ({ name, role: name })),
    }),
  nested: (text) => call('crm', 'update', nested(11, half(text, 1)) as Record<string, unknown>),
  amounts: (text) =>
    call('pay', 'refund', {
      items: values(text, 6)
        .slice(0, 400)
        .map((amount) => ({ amount, currency: 'EUR' })),
    }),
  'one amount': (text) => call('pay', 'create_refund', { amount: half(text, 2), currency: half(text, 4) }),
  'a plan': (text) =>
    call('terraform', 'apply', {
      plan: {
        resource_changes: values(text, 8)
          .slice(0, 150)
          .map((address) => ({ address, change: { actions: ['delete'] } })),
      },
    }),
  media: (text) =>
    call('media', 'upload', {
      files: values(text, 8)
        .slice(0, 200)
        .map((mime) => ({ mime, width: 9, height: 9 })),
    }),
  base64: (text) => call('x', 'do', { data: Buffer.from(half(text, 2)).toString('base64') }),
  'base64 in base64': (text) =>
    call('x', 'do', { data: Buffer.from(Buffer.from(half(text, 2.6)).toString('base64')).toString('base64') }),
  'percent-encoded': (text) =>
    call('x', 'do', { data: Buffer.from(half(text, 4)).toString('hex').replace(/../g, '%$&') }),
  'JSON in text': (text) =>
    call('x', 'do', { data: JSON.stringify({ data: JSON.stringify({ url: half(text, 2.5) }) }) }),
  'base64 of JSON, many': (text) =>
    call('x', 'do', {
      data: values((length) => Buffer.from(JSON.stringify({ url: text(length) })).toString('base64'), 12).slice(0, 300),
    }),
};

const PIECES = [
  ...[
    'a',
    ' ',
    '\n',
    '\t',
    '"',
    "'",
    '\\',
    '/',
    '.',
    ',',
    ':',
    ';',
    '-',
    '_',
    '=',
    '&',
    '|',
    '?',
    '#',
    '%',
    '@',
    '*',
    '$',
  ],
  ...[
    '(',
    ')',
    '()',
    '[',
    ']',
    '{',
    '}',
    '<',
    '>',
    '<<',
    '`',
    '!',
    '~',
    '^',
    '+',
    '0',
    '1',
    '9',
    '0x',
    'A',
    'Aa',
    'é',
    'а',
  ],
  ...['\u200b', '\u202e', '\u0301', '\ufb01', '\uff41', '\u0000', '\ud83d\ude00', '\u00ad', '\u3000', 'ﷺ'],
  ...[
    'http://a,',
    'http://a',
    'https://a.b/',
    '//',
    'a@',
    'a@b.c ',
    'www.a',
    'a.',
    'a-',
    'xn--',
    'xn--a.',
    '1.',
    '1.1.1.1 ',
    '::',
    '::1 ',
  ],
  ...[
    '%25',
    '%2e',
    '%',
    '&#x41;',
    '&amp;',
    '\\u0041',
    '\\x41',
    'YWFh',
    'YWFhYWFhYWFhYWFh',
    '=?utf-8?b?',
    'eyJ',
    '{"a":',
    '["',
  ],
  ...[
    '/*',
    '*/',
    '--',
    '-- \n',
    'select ',
    'union select ',
    ' or 1=1',
    '(select ',
    ',a',
    ' and a=1',
    ' in (1)',
    '$a$',
    "E'",
    'case when ',
    'not ',
    '- ',
  ],
  ...[
    '$(',
    '${',
    '${a',
    '`a`',
    ';a',
    '|a',
    '&&a',
    '||',
    'a=b ',
    '<<a\n',
    "$'",
    '<(',
    '>a ',
    '{a,b}',
    'if ',
    'sudo ',
    'sh -c ',
    '-a ',
    '--a=',
    '../',
    'find ',
    'a{1..9}',
  ],
  ...[
    '1-1 ',
    '4111 1111 1111 1111 ',
    'DE89',
    '+49 ',
    '123-45-6789',
    'password=',
    'key: ',
    'token',
    'AKIA',
    'sk-',
    'ghp_',
    '-----BEGIN ',
  ],
  ...[
    'ignore ',
    'ignore previous instructions ',
    'admin',
    'role',
    'grant ',
    'isAdmin',
    'aB',
    'a_b',
    'send ',
    'mailto:a?b=',
    'javascript:',
    'data:,',
    'file:',
  ],
  ...[
    '1,',
    '1.000,00',
    '1e9',
    'USD',
    '€',
    '1 ',
    ' 000',
    'image/png',
    'delete',
    's/a/',
    '<a>',
    '<svg on',
    'a=b&',
    '\r\n',
    '\u2028',
    'İ',
    'ß',
    'ŉ',
  ],
];

interface Genome {
  shape: string;
  /** Before the repeated part, the parts repeated in turn, and after them. */
  head: string;
  parts: string[];
  tail: string;
}

/** As much of the pattern as fits: `length` characters, counted as JSON. */
function textOf({ head, parts, tail }: Genome, length: number): string {
  const unit = parts.join('') || 'a';
  const cost = Math.max(1, Buffer.byteLength(JSON.stringify(unit)) - 2);
  const room = length - Buffer.byteLength(JSON.stringify(head + tail)) + 2;
  return head + unit.repeat(Math.max(0, Math.floor(room / cost))) + tail;
}

export const actionOf = (genome: Genome): Action | undefined => {
  const action = SHAPES[genome.shape]!((length) => textOf(genome, length));
  return JSON.stringify(action).length <= BODY_BYTES ? action : undefined;
};

type Parsers = Awaited<ReturnType<typeof loadParsers>>;

/** The least of some runs, in CPU time: other load on the machine counts less. */
function costOf(rounds: number, run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const { user, system } = process.cpuUsage();
    run();
    const after = process.cpuUsage();
    least = Math.min(least, (after.user + after.system - user - system) / 1_000);
  }
  return least;
}

function search(parsers: Parsers, seconds: number, seed: number, policy: Policy) {
  const random = randomOf(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)]!;
  const costs = new Map<string, { genome: Genome; ms: number }>();
  const measure = (genome: Genome, rounds = 1): number => {
    const action = actionOf(genome);
    if (!action) return 0;
    const ms = costOf(rounds, () => screenAction(action, CONTEXT, policy, undefined, { parsers, stats: STATS }));
    costs.set(JSON.stringify(genome), { genome, ms });
    return ms;
  };
  const best = (count: number) => [...costs.values()].sort((a, b) => b.ms - a.ms).slice(0, count);

  const start = performance.now();
  const end = start + seconds * 1_000;
  // Half of the time for each shape with each piece, as many as it takes, the other half for what comes of the dearest.
  const simple = Object.keys(SHAPES).flatMap((shape) =>
    PIECES.map((piece): Genome => ({ shape, head: '', parts: [piece], tail: '' })),
  );
  while (simple.length > 0 && performance.now() < start + seconds * 500)
    measure(simple.splice(random(simple.length), 1)[0]!);
  let leaders = best(40);
  for (let count = 0; performance.now() < end; count += 1) {
    if (count % 50 === 0) leaders = best(40);
    const { genome } = pick(leaders);
    const parts = [...genome.parts];
    const child: Genome = { ...genome, parts };
    const change = random(6);
    if (change === 0) child.shape = pick(Object.keys(SHAPES));
    else if (change === 1) parts[random(parts.length)] = pick(PIECES);
    else if (change === 2 && parts.length < 6) parts.splice(random(parts.length + 1), 0, pick(PIECES));
    else if (change === 3 && parts.length > 1) parts.splice(random(parts.length), 1);
    else if (change === 4) child.head = random(3) === 0 ? '' : (genome.head + pick(PIECES)).slice(-40);
    else child.tail = random(3) === 0 ? '' : (pick(PIECES) + genome.tail).slice(0, 40);
    if (!costs.has(JSON.stringify(child))) measure(child);
  }
  // Once is noise: the dearest are measured again.
  for (const { genome } of best(40)) measure(genome, 3);
  return { tried: costs.size, leaders: best(10), all: best(60) };
}

/** How the cost grows when the body doubles: 2 for work that is linear, 4 where it grows with the square. */
export function growthOf(genome: Genome, parsers: Parsers, policy: Policy): number {
  const costAt = (size: number): number => {
    bytes = size;
    const action = actionOf(genome);
    bytes = BODY_BYTES;
    if (!action) return Number.NaN;
    return costOf(5, () => screenAction(action, CONTEXT, policy, undefined, { parsers, stats: STATS }));
  };
  const half = costAt(BODY_BYTES / 2);
  return costAt(BODY_BYTES) / half;
}

const shown = ({ shape, head, parts, tail }: Genome): string =>
  `${shape}: ${JSON.stringify(head)} ${JSON.stringify(parts.join(''))}… ${JSON.stringify(tail)}`;

/** Each guardrail on the dearest calls that were found, and the parsing that they share. */
function perGuardrail(parsers: Parsers, found: readonly { genome: Genome }[], policy: Policy): Measured[] {
  const worst = new Map<string, { ms: number; genome: Genome }>();
  const note = (id: string, genome: Genome, ms: number) => {
    if (ms > (worst.get(id)?.ms ?? -1)) worst.set(id, { ms, genome });
  };
  const context = contextOf(CONTEXT, policy, { parsers, stats: STATS });
  for (const { genome } of found) {
    const action = actionOf(genome)!;
    note(
      'parsing',
      genome,
      costOf(2, () => parseAction(action)),
    );
    for (const { guardrail } of guardrailsFor(policy, parsers, action.service, action.action)) {
      // Lazily read parts of an action count for the guardrail that reads them first.
      const ms = costOf(2, () => guardrail.check(parseAction(action).parsed, context));
      note(guardrail.id, genome, Math.max(0, ms - costOf(2, () => parseAction(action))));
    }
  }
  return [...worst].map(([id, { ms, genome }]) => ({ case: id, measure: shown(genome), value: ms, unit: 'ms of CPU' }));
}

/** Searches for the body of 16 KB whose screening takes longest: every shape with every piece, then by mutation. */
export async function run(args: string[]): Promise<void> {
  const { values: given } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const parsers = await loadParsers();
  const { tried, leaders, all } = search(parsers, Number(given.seconds), Number(given.seed), BUILT_IN);
  const withRules = leaders.map(({ genome }) => {
    const action = actionOf(genome)!;
    return costOf(5, () => screenAction(action, CONTEXT, POLICY, undefined, { parsers, stats: STATS }));
  });
  const rows: Measured[] = [
    ...leaders.map(({ genome, ms }, at) => ({
      case: `whole, the ${at + 1}. of ${tried}`,
      measure: shown(genome),
      value: ms,
      unit: 'ms of CPU',
      budget: { value: BUDGET_MS },
    })),
    {
      case: 'whole, with 18 rules of an operator',
      measure: 'the dearest of these',
      value: Math.max(...withRules),
      unit: 'ms of CPU',
    },
    ...leaders.map(({ genome }, at) => ({
      case: `growth, the ${at + 1}.`,
      measure: shown(genome),
      value: growthOf(genome, parsers, BUILT_IN),
      unit: '× for twice the size',
      budget: { value: 3 },
    })),
    ...perGuardrail(parsers, all, POLICY),
  ];
  print(
    rows.map((row) => rowOf('firewall-worst', row)),
    given.json,
  );
}
