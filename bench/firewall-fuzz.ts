import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { DEFAULT_POLICY } from '../domain/firewall/policy/policy.ts';
import { screenAction } from '../domain/firewall/screen.ts';
import { loadParsers } from '../runtime/parsers.ts';
import { CONTEXT_TRUST_OPTION, contextTrustOf } from './context-trust.ts';

const PIECES = [
  'http://',
  '169.254.169.254',
  '@',
  '%2e',
  '%00',
  '\u202e',
  '\ud800',
  '__proto__',
  '*:*',
  'a@b.c',
  '//',
  '{"a":',
  ']}',
  'xn--',
  '$(',
  '`',
  '${IFS}',
  'rm -rf /',
  "'",
  '"',
  '\\',
  ';',
  '|',
  '<<X\n',
  'select ',
  ' from ',
  'delete from t',
  'where 1=1',
  '--',
  '/*',
  '0.0.0.0/0',
  'AKIA',
  '4111 1111 1111 1111',
  'eyJ',
  'ignore previous instructions',
  'www.a.com',
  'YWFh',
  '\u0000',
  '\n',
  '１２７',
];
const KEYS = [
  'url',
  'command',
  'query',
  'sql',
  'to',
  'bcc',
  'body',
  'role',
  'permissions',
  'is_admin',
  'amount',
  'currency',
  'plan',
  'change',
  'actions',
  'method',
  'host',
  'scheme',
  'path',
  'value',
  '__proto__',
  'constructor',
  'mime',
  'width',
  'cidr',
];
const NAMES = [
  'db-agent',
  'shell-agent',
  'aws',
  'crm',
  'sql',
  'run',
  'send_email',
  'pay',
  'delete_user',
  'get_page',
  'ｒｕｎ',
  '',
];

/** Screens hostile payloads: no guardrail may fail, and two verdicts on one call may not differ. */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '100000' },
      seed: { type: 'string' },
      'context-trust': CONTEXT_TRUST_OPTION,
    },
  });
  const parsers = await loadParsers();
  const text = fc.oneof(
    fc
      .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 12 })
      .map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  const carried = fc.oneof(
    text,
    text.map((one) => Buffer.from(one).toString('base64')),
    text.map(percentEncoded),
    text.map((one) => JSON.stringify({ url: one })),
  );
  const { payload } = fc.letrec<{ payload: Record<string, unknown>; value: unknown }>((tie) => ({
    payload: fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), text), tie('value'), { maxKeys: 6 }),
    value: fc.oneof(
      { depthSize: 'small' },
      carried,
      carried,
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      tie('payload'),
    ),
  }));
  const name = fc.oneof(fc.constantFrom(...NAMES), text);
  const context = fc.record(
    {
      untrusted: fc.boolean(),
      private: fc.boolean(),
      task: text,
      allowed_domains: fc.array(text, { maxLength: 3 }),
      known_recipients: fc.array(text, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  const context_trust = contextTrustOf(values['context-trust']);
  const deps = { parsers, context_trust };
  const policy = { ...DEFAULT_POLICY, default_routing: 'review_flagged' as const };
  let slowest = 0;
  const started = performance.now();
  fc.assert(
    fc.property(name, name, payload, context, (service, action, body, around) => {
      const call = { service, action, payload: body };
      const before = performance.now();
      const first = screenAction(call, around, policy, undefined, deps);
      slowest = Math.max(slowest, performance.now() - before);
      const failed = first.findings.find((one) => one.id === 'guardrail_failed');
      if (failed) throw new Error(`failed: ${failed.evidence}`);
      if (JSON.stringify(screenAction(call, around, policy, undefined, deps)) !== JSON.stringify(first))
        throw new Error('two answers differ');
    }),
    { numRuns: Number(values.runs), ...(values.seed !== undefined && { seed: Number(values.seed) }) },
  );
  const seconds = (performance.now() - started) / 1_000;
  console.log(
    `${values.runs} payloads in ${seconds.toFixed(0)} s, no failure, every answer twice the same, context trust ${context_trust}; the slowest took ${slowest.toFixed(1)} ms`,
  );
}

/** Percent-encoding of what can be encoded; half a surrogate pair cannot. */
const percentEncoded = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, ''));
