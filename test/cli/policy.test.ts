import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { policy } from '../../cli/commands/policy.ts';
import { LetsPing } from '../../client/index.ts';
import { Policy } from '../../contracts/policy.ts';
import { type LocalSystem, localSystem } from '../helpers/local-system.ts';
import { run } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'letsping-policy-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let files = 0;
const file = (text: string | Uint8Array, ending = 'yaml'): string => {
  const path = join(dir, `${files++}.${ending}`);
  writeFileSync(path, text);
  return path;
};
const lines = (...actions: unknown[]): string =>
  file(actions.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n'), 'jsonl');

describe('check', () => {
  test('names every error with its line, its column and its pointer', async () => {
    const path = file(
      [
        'default_routing: sometimes',
        'routes:',
        '  - service: crm',
        '    routing: observe',
        '    colour: red',
        'guardrails:',
        '  - kind: sql',
        '    max_statements: 0',
      ].join('\n'),
    );
    const { code, out } = await run(policy, ['check', path]);
    expect(code).toBe(1);
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^\S+\.yaml:1:18: \/default_routing: .*"observe"/),
      `${path}:5:13: /routes/0/colour: unknown member`,
      expect.stringMatching(/^\S+\.yaml:8:21: \/guardrails\/0\/max_statements: /),
    ]);
    expect(JSON.parse((await run(policy, ['check', '--json', path])).out)).toMatchObject({
      ok: false,
      errors: [{ line: 1, column: 18 }, { pointer: '/routes/0/colour', line: 5, column: 13 }, { line: 8 }],
      warnings: [],
    });
  });

  test('accepts JSON too, and warns about loose settings', async () => {
    const path = file(
      JSON.stringify({
        default_routing: 'review_flagged',
        routes: [
          { service: 'crm*', routing: 'observe' },
          { service: 'crm-x', routing: 'review_all' },
        ],
        allowed_domains: ['gmail.com'],
        guardrails: [{ kind: 'egress', enabled: false }],
        undeclared: 'lenient',
        accept_unsigned_signals: true,
      }),
      'json',
    );
    const { code, out } = await run(policy, ['check', '--json', path]);
    expect(code).toBe(0);
    expect(JSON.parse(out).warnings.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/default_routing',
      '/routes/0/routing',
      '/routes/1',
      '/allowed_domains/0',
      '/guardrails/0/enabled',
      '/undeclared',
      '/accept_unsigned_signals',
    ]);
    expect(await run(policy, ['check', file('{}', 'json')])).toMatchObject({ code: 0, out: '' });
  });

  test.each([
    ['a key twice', 'routes: []\nroutes: []', /:2:1: .*unique/],
    ['a key twice, in JSON', '{"routes": [], "routes": []}', /: \/routes: .*one key twice/],
    ['no YAML', 'routes: [', /:1:10: /],
    ['no JSON', '{\n  "routes": [1,]\n}', /: .*not JSON/],
    ['a tag of its own', 'routes: !!js/function x', /:1:9: .*tag/],
    ['a key that reaches a prototype', '__proto__: {}', /prototype/],
    ['nothing', '', /expected object/],
    ['two documents', 'routes: []\n---\nroutes: []', /document/],
    [
      'aliases of aliases',
      `a: &a [${'x,'.repeat(20)}]\nb: &b [${'*a,'.repeat(20)}]\nc: [${'*b,'.repeat(20)}]`,
      /alias/,
    ],
    [
      'a pattern with look-around',
      "guardrails: [{ kind: pattern_scanner, pattern: '(?=x)y' }]",
      /:1:\d+: \/guardrails\/0\/pattern: /,
    ],
    [
      'an expression that does not parse',
      'guardrails: [{ kind: expression, cel: payload.limit > }]',
      /\/guardrails\/0\/cel: .*\n$/,
    ],
    [
      'a schema that refers elsewhere',
      'guardrails: [{ kind: json_schema, schema: { $ref: "https://elsewhere.example/x" } }]',
      /\/guardrails\/0\/schema: /,
    ],
    ['a terminal escape', '"\\e[2J": 1', /U\+001B\[2J/],
  ])('refuses %s, with its place', async (_name, text, message) => {
    expect(await run(policy, ['check', file(text)])).toMatchObject({ code: 1, out: expect.stringMatching(message) });
  });

  test.each([
    [['check'], /^FILE is missing: the policy/],
    [['check', 'a', 'b'], /^unexpected argument "b"/],
    [['check', 'no-such-file'], /cannot be read/],
    [['check', 'a', '--reason', 'x'], /^unknown option '--reason'/],
    [['frobnicate'], /name a subcommand: show/],
    [['simulate'], /^--since is missing/],
    [['simulate', '--since', 'yesterday'], /--since/],
    [['show', '--json', '--yaml'], /one of/],
  ])('wrong arguments are exit code 2: %j', async (args, message) => {
    expect(await run(policy, args)).toMatchObject({ code: 2, err: expect.stringMatching(message) });
  });
});

test('the JSON Schema of a policy needs no server', async () => {
  const { code, out } = await run(policy, ['show', '--schema']);
  expect(code).toBe(0);
  expect(JSON.parse(out).$defs.Policy.properties).toHaveProperty('allowed_domains');
});

describe('test', () => {
  const quiet = { service: 'crm', action: 'read', payload: { q: 'acme' }, context: { untrusted: false } };
  const metadata = { service: 'crm', action: 'get', payload: { url: 'http://169.254.169.254/latest/' } };
  const judged = async (args: string[]) => {
    const ran = await run(policy, ['test', '--json', ...args]);
    const answers = ran.out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    return { ...ran, answers };
  };

  test('prints one line per action, in order, with the built-in guardrails', async () => {
    const { code, answers } = await judged([lines({ ...quiet, label: 'x' }, { ...metadata, id: 'meta', step: 3 })]);
    expect(code).toBe(0);
    expect(answers).toEqual([
      { id: '1', verdict: 'allow', findings: [] },
      { id: 'meta', verdict: 'hold', findings: [expect.objectContaining({ id: 'egress/metadata', pointer: '/url' })] },
    ]);
  });

  test('judges by a policy file, and refuses an invalid one', async () => {
    const path = lines(quiet, metadata);
    const { answers } = await judged([
      path,
      '--policy',
      file('routes: [{ service: crm, routing: review_all, block: [egress] }]'),
    ]);
    expect(answers.map(({ verdict }) => verdict)).toEqual(['hold', 'block']);
    expect(await judged([path, '--policy', file('routes: 1')])).toMatchObject({
      code: 2,
      err: expect.stringContaining('/routes'),
    });
  });

  test('judges a session by step: labels of a step apply to later steps, independent of their order in the file', async () => {
    const send = {
      service: 'mail',
      action: 'send_email',
      payload: { to: 'stranger@elsewhere.example', body: 'x' },
      session: 's',
    };
    const read = {
      service: 'web',
      action: 'read_page',
      payload: { page: 'news' },
      session: 's',
      context: { untrusted: true, allowed_domains: ['yourco.example'] },
    };
    const verdicts = async (...given: unknown[]) =>
      (await judged([lines(...given)])).answers.map(({ verdict }) => verdict);

    const [late] = await verdicts({ ...send, step: 2, context: { untrusted: false } }, { ...read, step: 1 });
    const [early] = await verdicts({ ...send, step: 1, context: { untrusted: false } }, { ...read, step: 2 });
    expect([late, early]).toEqual(['hold', 'allow']);
  });

  test('reports invalid lines with their number, and judges the others', async () => {
    const bad = [
      '',
      'not JSON',
      '[]',
      { service: 'x', action: 'y' },
      { ...quiet, context: { untrusted: 'no' } },
      '{"service":"a","service":"b","action":"c","payload":{}}',
    ];
    const { code, err, answers } = await judged([
      lines(quiet, ...bad, { ...quiet, context: { untrusted: false, colour: 'red' } }),
    ]);
    expect(code).toBe(1);
    expect(answers.map(({ id }) => id)).toEqual(['1', '8']);
    expect(
      err
        .trimEnd()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['line 3', 'line 4', 'line 5', 'line 6', 'line 7', 'context trust']);
    expect((await judged([file(Uint8Array.of(0x22, 0xff, 0x22), 'jsonl')])).err).toBe(
      'line 1: is not UTF-8\ncontext trust: full\n',
    );
  });

  test('blocks a payload that the API would refuse', async () => {
    const { code, answers } = await judged([
      lines('{"service":"a","action":"b","payload":{"user":{"__proto__":{"x":1}}}}'),
    ]);
    expect(code).toBe(0);
    expect(answers).toMatchObject([
      {
        verdict: 'block',
        findings: expect.arrayContaining([
          expect.objectContaining({ id: 'refused_payload', pointer: '/user/__proto__' }),
        ]),
      },
    ]);
  });

  test('prints a summary', async () => {
    const { out } = await run(policy, ['test', lines(quiet, { ...metadata, id: 'a\u001b[2J' })]);
    expect(out).toMatch(/^hold {2}aU\+001B\[2J {2}crm\/get {2}egress\/metadata/);
    expect(out).toContain('2 actions: 1 allow, 1 hold, 0 block\n');
  });

  test('judges 10,000 lines of 5 MB quickly', async () => {
    const path = lines(
      ...Array.from({ length: 10_000 }, (_, i) => ({
        ...quiet,
        session: `s${i % 300}`,
        step: i,
        payload: { text: `${i} ${'word '.repeat(90)}` },
      })),
    );
    const started = performance.now();
    const { answers } = await judged([path]);
    expect(answers).toHaveLength(10_000);
    expect(performance.now() - started).toBeLessThan(30_000);
  });
});

describe('against a server', () => {
  let system: LocalSystem;
  beforeAll(async () => {
    system = await localSystem();
  });
  afterAll(() => system?.stop());

  test('the YAML of show can be applied, and a looser policy needs a reason', async () => {
    const shown = await run(policy, ['show', '--yaml'], system.admin);
    expect(Policy.parse(parse(shown.out))).toEqual(JSON.parse((await run(policy, ['show'], system.admin)).out));

    const path = file(`${shown.out}allowed_domains: [partner.example]\n`.replace('allowed_domains: []\n', ''));
    expect(await run(policy, ['apply', path], system.admin)).toMatchObject({
      code: 1,
      failure: { code: 'invalid_value' },
      err: expect.stringMatching(/Domain added: partner\.example[\s\S]*--reason/),
    });
    expect(await run(policy, ['apply', path, '--reason', 'partner für alle'], system.admin)).toMatchObject({ code: 0 });
    const { out } = await run(policy, ['log'], system.admin);
    expect(out).toMatch(
      /^version 2 .* dev-admin\n {2}reason: partner für alle\n {2}looser: Domain added: partner\.example\.\nversion 1 /,
    );
    expect(JSON.parse((await run(policy, ['log', '--json'], system.admin)).out).items).toHaveLength(2);
  });

  test('simulate returns the verdicts of another policy for recorded requests', async () => {
    const lp = new LetsPing(system.agent_api_key, { baseUrl: system.api_url });
    const { id } = await lp.open({ service: 'sim', action: 'read', payload: { q: 'canary' } });
    const path = file('routes: [{ service: sim, routing: observe }]');
    const { code, out } = await run(policy, ['simulate', '--since', '1h', '--policy', path], system.admin);
    expect(code).toBe(0);
    expect(out).toMatch(/was +0 +1 +0\nwould be +1 +0 +0/);
    expect(out).toMatch(new RegExp(`^${id} +hold → allow +sim/read`, 'm'));
    expect(JSON.parse((await run(policy, ['simulate', '--since', '1h', '--json'], system.admin)).out)).toMatchObject({
      judged: 1,
      changed: 0,
    });
    expect(await run(policy, ['simulate', '--since', '1h'], system.approver)).toMatchObject({
      code: 1,
      failure: { code: 'forbidden' },
    });
  });
});
