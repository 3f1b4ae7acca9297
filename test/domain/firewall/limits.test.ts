import { describe, expect, test } from 'vitest';
import type { GuardrailRule } from '../../../contracts/guardrails.ts';
import { screenAction } from '../../../domain/firewall/screen.ts';
import { call } from '../../helpers/agent-call.ts';
import { parsers, reviewFlagged } from './screening.ts';

/** The verdict of a call under one rule of an operator, which blocks. */
const verdict = (rule: GuardrailRule, payload: Record<string, unknown>, action = 'run', service = 'db'): string =>
  screenAction(
    call(payload, action, service),
    { untrusted: false },
    reviewFlagged({ guardrails: [{ ...rule, verdict: 'block' }] }),
    undefined,
    { parsers },
  ).verdict;

describe('a list of tables', () => {
  const rule: GuardrailRule = { kind: 'sql', allowed_relations: ['orders', 'Carts', 'audit.log'] };
  test.each([
    'with users as (select 1) select * from public.users',
    'with a as (with users as (select 1) select * from users) select * from users',
    'select * from (with users as (select 1) select * from users) x, users',
    'with b as (select * from users), users as (select 1) select * from b',
    'with orders as (select 1) delete from users where id = 2',
    'with users as (select 1) update users set a = 1 where id = 2',
    'select * from orders where id in (select id from "Users")',
    'select * from "Orders"',
    'select * from elsewhere.orders',
    'select * from elsewhere.audit.log',
    'table users',
    'explain select * from users',
    'copy users to stdout',
    'insert into orders select * from users',
    'select * into users from orders',
    'merge into orders o using users u on o.id = u.id when matched then update set a = 1',
    "select * from orders, read_users('x')",
    'select pg_table_size($1) from orders',
    'select mine.lower(a) from orders',
    "select 'users'::regclass from orders",
    'call cleanup()',
    'fetch all from earlier_cursor',
    'execute earlier_statement',
    "comment on table users is 'x'",
  ])('blocks %s', (sql) => {
    expect(verdict(rule, { sql })).toBe('block');
  });
  test.each([
    'select count(*), max(price) from orders o where lower(o.name) = $1 group by o.day',
    'with users as (select * from orders) select * from users join audit.log l on l.id = users.id',
    'with recursive t as (select id from orders union all select o.id from orders o join t on t.id = o.id) select * from t',
    'select * from orders o where o.id = 7 for update of o',
    'select * from Carts, "Carts"',
    'insert into orders (id) values (1) on conflict do nothing',
    "update orders set name = coalesce(name, 'x') where id = 7",
  ])('allows %s', (sql) => {
    expect(verdict(rule, { sql })).toBe('allow');
  });
  test('a verb inside a statement counts for the list of verbs', () => {
    const verbs: GuardrailRule = { kind: 'sql', allow_verbs: ['select'] };
    expect(verdict(verbs, { sql: 'with d as (delete from t where id = 1 returning *) select * from d' })).toBe('block');
    expect(verdict(verbs, { sql: 'select * into copied from t' })).toBe('block');
    expect(verdict(verbs, { sql: 'select * from t' })).toBe('allow');
  });
});

describe('a list of hosts', () => {
  const rule: GuardrailRule = { kind: 'egress', allowed_domains: ['ours.example'] };
  test.each<[Record<string, unknown>]>([
    [{ host: 'evil-x.dev' }],
    [{ Host: 'EVIL-X.dev' }],
    [{ hostname: 'evil-x.dev', port: 443 }],
    [{ host: 'e\u0000vil-x.dev' }],
    [{ host: 'ours.example\u0000.evil-x.dev' }],
    [{ url: 'evil-x.dev/p' }],
    [{ url: 'evil-x.dev:443' }],
    [{ url: 'evil-x\u3002dev/p' }],
    [{ url: 'evil-x%2edev/p' }],
    [{ url: '//evil-x.dev/p' }],
    [{ urls: ['https://ours.example/', 'evil-x.dev'] }],
    [{ base_url: 'https://evil-x.dev', path: '/p' }],
    [{ base_url: 'evil-x.dev', path: '/p' }],
    [{ base_url: 'https://ours.example', path: '.evil-x.dev/p' }],
    [{ base_url: 'https://ours.example', path: '@evil-x.dev/p' }],
    [{ base_url: 'https://ours.example', path: '//evil-x.dev/p' }],
    [{ base_url: 'https://ours.example', path: 'https://evil-x.dev/p' }],
    [{ scheme: 'https', host: 'evil-x.dev', path: '/p' }],
    [{ host: { name: 'evil-x.dev' } }],
    [{ target: 'evil-x.dev' }],
    [{ remote: 'git@evil-x.dev:a/b.git' }],
    [{ host: '203.0.113.9' }],
    [{ host: 3_405_803_785 }],
    [{ host: '2001:db8::1' }],
    [{ server: 'intranet' }],
    [{ url: 'where the report is' }],
    [{ host: 'ours.example', ...Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`path_${at}`, '/x'])) }],
    [
      Object.fromEntries(
        Array.from({ length: 1_200 }, (_, at) => [`host_${at}`, at < 1_199 ? 'ours.example' : 'evil-x.dev']),
      ),
    ],
  ])('blocks %j', (payload) => {
    expect(verdict(rule, payload, 'http_request', 'web')).toBe('block');
  });
  test.each<[Record<string, unknown>]>([
    [{ url: 'https://api.ours.example/v1' }],
    [{ host: 'ours.example' }],
    [{ url: 'API.ours.example:8443/v1?x=1' }],
    [{ base_url: 'https://ours.example', path: '/v1/items' }],
    [{ host: 'ours.example', path: 'v1/items' }],
    [{ url: '/v1/items?page=2' }],
    [{ url: '/v1/items', path: '/x' }],
    [{ url: '../items' }],
    [{ target: 'production', base: 'main', address: '12 Main Street' }],
    [{ text: 'See evil-x.dev for the story.' }],
  ])('allows %j', (payload) => {
    expect(verdict(rule, payload, 'http_request', 'web')).toBe('allow');
  });
  test('the domains of a policy are a list of hosts for a receiver without a scheme, with any ending', () => {
    const at = (host: string) =>
      screenAction(
        call({ webhook: host }, 'subscribe', 'web'),
        {},
        reviewFlagged({ allowed_domains: ['ours.example'] }),
      ).verdict;
    for (const host of ['evil-x.dev/p', 'evil-x.shop/p', 'evil-x.museum', 'evil-x.zip:8443/p'])
      expect([host, at(host)]).toEqual([host, 'hold']);
    expect(at('hooks.ours.example/p')).toBe('allow');
  });
  test('denied domains, ports, paths and addresses are limits of a host alone, too', () => {
    const get = (limits: object, payload: Record<string, unknown>) =>
      verdict({ kind: 'egress', ...limits }, payload, 'http_request', 'web');
    expect(get({ denied_domains: ['evil-x.dev'] }, { host: 'a.evil-x.dev' })).toBe('block');
    expect(get({ denied_domains: ['evil-x.dev'] }, { host: 'ours.example' })).toBe('allow');
    expect(get({ extra_blocked_addresses: ['203.0.113.0/24'] }, { host: '203.0.113.9' })).toBe('block');
    expect(get({ allowed_ports: [443] }, { host: 'ours.example', port: '8080' })).toBe('block');
    expect(get({ allowed_ports: [443] }, { url: 'ours.example:8080/x' })).toBe('block');
    expect(get({ allowed_ports: [443] }, { host: 'ours.example', port: 443 })).toBe('allow');
    expect(get({ allowed_paths: ['/public'] }, { base_url: 'https://ours.example/public', path: '../admin' })).toBe(
      'block',
    );
    expect(get({ allowed_paths: ['/public'] }, { url: 'ours.example/admin' })).toBe('block');
    for (const path of ['/public/../admin', '/public/..;/admin', '/public/%2e%2e/admin', '//public/x', '/PUBLIC/x'])
      expect(get({ allowed_paths: ['/public'] }, { url: `https://ours.example${path}` })).toBe('block');
    expect(get({ allowed_paths: ['/public'] }, { url: 'https://ours.example/public/x' })).toBe('allow');
  });
});

describe('the roots of an operator', () => {
  const OUTSIDE = [
    '/workspace/../etc/cron.d/x',
    '/workspace/./../etc/cron.d/x',
    '/workspace//..//etc/cron.d/x',
    '/workspace/%2e%2e/etc/cron.d/x',
    '/workspace/%252e%252e%252fetc/cron.d/x',
    '/workspace/..\\etc\\cron.d\\x',
    '/workspace/.\u200b./etc/cron.d/x',
    '/workspace/.\u0000./etc/cron.d/x',
    '/workspace/\uff0e\uff0e/etc/cron.d/x',
    '/workspace/a/../../etc/cron.d/x',
  ];
  const RULES: GuardrailRule[] = [
    { kind: 'pattern_scanner', pointer: '/path', pattern: '^/workspace/', negate: true },
    { kind: 'expression', cel: '!payload.path.startsWith("/workspace/")' },
    {
      kind: 'json_schema',
      schema: { type: 'object', properties: { path: { type: 'string', pattern: '^/workspace/' } } },
    },
  ];
  test.each(RULES)('hold under $kind', (rule) => {
    for (const path of OUTSIDE) expect([path, verdict(rule, { path }, 'write_file', 'disk')]).toEqual([path, 'block']);
    for (const path of ['/workspace/a.txt', '/workspace/a/../b.txt', '/workspace/an odd name/x'])
      expect([path, verdict(rule, { path }, 'write_file', 'disk')]).toEqual([path, 'allow']);
  });
  test('hold for an argument that the policy declares as a path', () => {
    const held = (path: unknown): boolean =>
      screenAction(
        call({ file: path }, 'write_file', 'disk'),
        { untrusted: false },
        reviewFlagged({
          arguments: [{ action: 'write_file', roles: { '/file': 'path' } }],
          guardrails: [{ kind: 'shell', allowed_paths: ['/workspace', '/srv/data/'] }],
        }),
        undefined,
        { parsers },
      ).verdict === 'hold';
    for (const path of [
      ...OUTSIDE,
      '/etc/cron.d/x',
      '/workspaces/x',
      'notes.txt',
      '../x',
      '/workspace/$HOME',
      '~/x',
      7,
    ])
      expect([path, held(path)]).toEqual([path, true]);
    for (const path of ['/workspace/a.txt', '/workspace/a/../b', '/srv/data/x', '/workspace'])
      expect([path, held(path)]).toEqual([path, false]);
  });
  test('hold for a shell', () => {
    const rule: GuardrailRule = { kind: 'shell', allowed_paths: ['/workspace'] };
    // A shell decodes no percent signs, and a backslash quotes.
    for (const path of OUTSIDE.filter((one) => !/[%\\]/.test(one)))
      expect([path, verdict(rule, { command: `echo x > ${path}` }, 'exec', 'shell')]).toEqual([path, 'block']);
    expect(verdict(rule, { command: 'echo x > /workspace/a' }, 'exec', 'shell')).toBe('allow');
  });
});

describe('every path in a command is inside the folders of the operator', () => {
  const rule: GuardrailRule = { kind: 'shell', allowed_paths: ['/workspace'] };
  const judged = (command: string, more: object = {}) => verdict(rule, { command, ...more }, 'exec', 'shell');
  test.each([
    ...[
      'touch /opt/x',
      'cp a /opt/x',
      'mkdir -p /workspace/a /opt/b',
      'dd if=a of=/opt/x',
      'tar xf a.tar -C /opt',
      'tar xf a -C/opt',
    ],
    ...[
      'sort --output=/opt/x a',
      'cp -t/opt a',
      'rsync a host:/opt/x',
      'curl -o /opt/x https://ours.example/a',
      'curl -d @/opt/x https://a.example',
    ],
    ...[
      'echo x > /opt/x',
      'cat < /opt/x',
      'echo x >> ~/x',
      'cd /opt && touch x',
      'cd; touch x',
      'cd - && touch x',
      'pushd && touch x',
    ],
    ...[
      'touch ../x',
      'touch a/../../opt/x',
      'touch -- ..',
      'cp a ~',
      'cp a ~root/x',
      'cp a --target-directory=~/x',
      'touch "$D/x"',
      'touch $(cat f)',
    ],
    ...[
      'D=/opt; touch $D/x',
      'HOME=/opt; cd; touch x',
      'env -C /opt touch x',
      'sudo touch /opt/x',
      'chroot /opt touch x',
      "sh -c 'touch /opt/x'",
    ],
    ...[
      'find . -exec cp {} /opt/x \\;',
      'ls | xargs touch',
      'for f in /opt/a; do touch $f; done',
      'f() { touch /opt/x; }; f',
      'touch /work*/x',
    ],
    ...[
      'touch {/workspace,/opt}/x',
      'touch {.,x}./y',
      'touch /workspace/.*/x',
      "touch '/opt'/x",
      'touch /o"p"t/x',
      "touch $'\\x2fopt/x'",
      'touch /workspaces/x',
    ],
    ...[
      'python3 -c "open(chr(47) + chr(120))"',
      'node -e "f()"',
      'perl -pi -e s/a/b/ x',
      'python3 <<X\nf()\nX',
      '/opt/tool a',
      'ln -s / x',
      'docker run -v a:/opt/x b',
    ],
    ...[
      'PATH=https://a:/opt/bin ls',
      'cp a file:///opt/x',
      'copy a C:\\\\x',
      'touch /dev/shm/x',
      'git clone https://a.example/b /opt/b',
      'touch //workspace/x',
    ],
  ])('%s is blocked', (command) => expect(judged(command)).toBe('block'));
  test.each([
    ...[
      'touch x',
      'touch /workspace/x',
      'cp a b/c /workspace/d',
      'ls -la',
      'npm test 2>/dev/null',
      'git diff main..HEAD',
      'go test ./...',
    ],
    ...[
      'curl https://ours.example/a/b -o b',
      'sort --output=/workspace/x a',
      'cp -t/workspace a',
      'D=/workspace; touch $D/x',
      'cd /workspace && make',
    ],
    ...[
      '/usr/bin/touch a',
      "sed -i 's/a/b/' x",
      'git commit -m "a/b: fixed"',
      'npm i @scope/name',
      'rsync a /workspace/b',
      'touch *.txt',
      'ls src/**/x.ts',
    ],
    ...["sh -c 'touch /workspace/x'", 'sudo touch /workspace/x', 'tar xf a.tar -C /workspace', 'echo "a,b" > b.csv'],
  ])('%s is allowed', (command) => expect(judged(command)).toBe('allow'));
  test('the working folder of a command is a path', () => {
    expect(judged('touch x', { cwd: '/opt' })).toBe('block');
    expect(judged('touch x', { workingDirectory: '../x' })).toBe('block');
    expect(judged('touch x', { cwd: '/workspace/a' })).toBe('allow');
  });
  test('without the rule they are judged as before', () => {
    expect(verdict({ kind: 'shell' }, { command: 'touch /opt/x' }, 'exec', 'shell')).toBe('allow');
  });
});

describe('a control character hides nothing', () => {
  test.each<[string, Record<string, unknown>]>([
    ['query', { sql: '\u0000drop table users' }],
    ['query', { statement: '\u0000drop table users' }],
    ['query', { sql: 'dr\u0000op table users' }],
    ['query', { sql: 'select 1;\u0000 GRANT all ON t TO mallory' }],
    ['query', { sql: 'select 1\u0000drop table users' }],
    ['query', { sql: 'select 1 /*\u0001*/' }],
    ['exec', { command: '\u0000rm -rf /' }],
    ['exec', { command: 'r\u0000m -rf /' }],
    ['exec', { command: 'ls\u0000 -la' }],
    ['update', { role: 'adm\u0000in' }],
    ['update', { 'is_ad\u0001min': true }],
    ['update', { permissions: ['*\u0000'] }],
    ['update', { permissions: [Buffer.from('super\u0000user-admin *:*').toString('base64')], role: 'a\u007fdmin' }],
    ['get', { url: 'http://169.254.\u0000169.254/' }],
  ])('%s %j is held', (action, payload) => {
    const { verdict, findings } = screenAction(call(payload, action, 'db shell'), {}, reviewFlagged(), undefined, {
      parsers,
    });
    expect([verdict, findings.some((one) => one.severity !== 'low')]).toEqual(['hold', true]);
  });
  test.each<[string, Record<string, unknown>]>([
    ['query', { sql: 'select *\n\tfrom orders\r\n' }],
    ['exec', { command: 'ls -la \\\n  src\n' }],
    ['post', { text: 'ok ❤️ 👩‍💻 \u200fمرحبا' }],
  ])('%s %j is allowed', (action, payload) => {
    expect(verdict({ kind: 'loop_breaker', enabled: false }, payload, action, 'db shell')).toBe('allow');
  });
});

test('a limit of a medium is read from a text, and holds what is no number', () => {
  const rule: GuardrailRule = {
    kind: 'media_guard',
    mime: ['image/*'],
    max_bytes: 1_000,
    max_pixels: 100,
    max_duration_s: 9,
  };
  const put = (payload: Record<string, unknown>) =>
    verdict(rule, { mime_type: 'image/png', ...payload }, 'put', 'uploads');
  for (const payload of [
    { width: '11', height: '10' },
    { width: 11, HEIGHT: '10' },
    { width: '1e9', height: 1 },
    { width: 5, height: 'NaN' },
    { size: '5 MB' },
    { size: '1001' },
    { duration: '10.5' },
    { data: ' DATA:text/html;base64,PGI+' },
  ])
    expect([payload, put(payload)]).toEqual([payload, 'block']);
  expect(put({ width: '10', height: '10', size: '1000', duration: 9, data: 'data:image/png;base64,iVBORw0=' })).toBe(
    'allow',
  );
});

test('another spelling of a name starts no other count', () => {
  const past = [1, 2, 3].map((at) => ({ ...PAST, at_ms: 1_000 - at }));
  const limit: GuardrailRule = { kind: 'velocity_limit', max: 3, window_s: 60 };
  for (const name of ['pay', 'PAY', 'p\u200bay', 'p\u0000ay', 'ｐａｙ'])
    expect(
      screenAction(call({}, name, 'bank'), {}, reviewFlagged({ guardrails: [limit] }), undefined, {
        parsers,
        stats: { now_ms: 1_000, agent: 'a', past },
      }).verdict,
    ).toBe('hold');
});

const PAST = {
  service: 'bank',
  action: 'pay',
  agent: 'a',
  exact: '',
  shape: '',
  shingles: [],
  targets: [],
  amounts: [],
};
