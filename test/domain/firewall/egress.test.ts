import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readUrl } from '../../../domain/firewall/hosts/url.ts';
import { b64 } from '../../helpers/base64.ts';
import { found, reviewFlagged, screenPayload } from './screening.ts';

describe('the destination of a URL', () => {
  test.each([
    ['metadata', 'http://169.254.169.254/latest/meta-data/'],
    ['metadata', 'http://169.254.170.2/v2/credentials'],
    ['metadata', 'http://169.254.170.23/v1/credentials'],
    ['metadata', 'http://168.63.129.16/machine'],
    ['metadata', 'http://100.100.100.200/latest/'],
    ['metadata', 'http://192.0.0.192/latest/'],
    ['metadata', 'http://[fd00:ec2::254]/latest/'],
    ['metadata', 'http://metadata/computeMetadata/v1/'],
    ['metadata', 'http://METADATA.google.internal./computeMetadata/v1/'],
    ['metadata', 'http://metadata.tencentyun.com/'],
    ['metadata', 'http://instance-data/latest/'],
    ['metadata', 'https://kubernetes.default.svc/api/v1/secrets'],
    // One address, many spellings: the parser of `fetch` undoes them.
    ['metadata', 'http://2852039166/'],
    ['metadata', 'http://0xA9FEA9FE/'],
    ['metadata', 'http://0xa9.0xfe.0xa9.0xfe/'],
    ['metadata', 'http://0251.0376.0251.0376/'],
    ['metadata', 'http://025177524776/'],
    ['metadata', 'http://169.254.43518/'],
    ['metadata', 'http://169.16689662/'],
    ['metadata', 'http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/'],
    ['metadata', 'http://１６９。２５４。１６９。２５４/'],
    ['metadata', 'http://%31%36%39.254.169.254/'],
    ['metadata', 'http://169.254.169.254./'],
    ['metadata', 'http:169.254.169.254/'],
    ['metadata', 'http:/169.254.169.254/'],
    ['metadata', 'http:\\\\169.254.169.254\\latest'],
    ['metadata', 'ht\ttp://169.254.169.254/'],
    ['metadata', 'http://169.254.\n169.254/'],
    ['metadata', '//169.254.169.254/latest'],
    ['metadata', '\\\\169.254.169.254\\share'],
    ['metadata', 'ftp://2852039166/'],
    ['metadata', 'ws://2852039166/'],
    ['metadata', 'http://[::ffff:169.254.169.254]/'],
    ['metadata', 'http://[::169.254.169.254]/'],
    ['metadata', 'http://[::a9fe:a9fe]/'],
    ['metadata', 'http://[64:ff9b::a9fe:a9fe]/'],
    ['metadata', 'http://[2002:a9fe:a9fe::]/'],
    ['metadata', 'http://[2001:0:a9fe:a9fe::1]/'],
    ['metadata', 'http://[2a00::5efe:a9fe:a9fe]/'],
    ['metadata', 'http://a.example@169.254.169.254/'],
    ['metadata', 'http://a.example:b@169.254.169.254/'],
    ['metadata', 'http://docs.example%40169.254.169.254/'],
    ['metadata', 'http://169.254.169.254%00.a.example/'],
    ['metadata', 'http://169.254.169.254.nip.io/'],
    ['metadata', 'http://169-254-169-254.sslip.io/'],
    ['metadata', 'view-source:http://169.254.169.254/'],
    ['metadata', 'https://r.example/?to=http://169.254.169.254/'],
    ['metadata', 'https://r.example/?to=http%3A%2F%2F169.254.169.254%2F'],
    ['metadata', 'https://r.example/?u=http%253A%252F%252F169.254.169.254%252F'],
    ['metadata', `https://r.example/?u=${b64('http://169.254.169.254/')}`],
    ['metadata', 'https://r.example/http://169.254.169.254/'],
    ['metadata', 'https://r.example/?host=169.254.169.254'],
    ['loopback', 'http://127.1/'],
    ['loopback', 'http://0/'],
    ['loopback', 'http://127.127.127.127/'],
    ['loopback', 'http://2130706433/'],
    ['loopback', 'http://[::1]/'],
    ['loopback', 'http://[::]/'],
    ['loopback', 'http://LOCALHOST./'],
    ['loopback', 'http://a.localhost:3000/'],
    ['loopback', 'http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/'],
    ['link_local', 'http://169.254.1.1/'],
    ['link_local', 'http://[fe80::1]/'],
    ['link_local', 'http://[fe80::1%25eth0]/'],
    ['private', 'http://10.0.0.5/admin'],
    ['private', 'http://172.16.0.1/'],
    ['private', 'http://192.168.1.1/'],
    ['private', 'http://[fd12:3456::1]/'],
    ['private', 'http://[64:ff9b::a00:5]/'],
    ['carrier_nat', 'http://100.64.0.1/'],
    ['reserved', 'http://198.18.0.7/'],
    ['reserved', 'http://255.255.255.255/'],
    ['reserved', 'http://[2001:db8::1]/'],
    ['internal_name', 'http://jenkins:8080/script'],
    ['internal_name', 'http://printer.local/'],
    ['internal_name', 'https://vault.corp/'],
    ['internal_name', 'http://db.prod.svc.cluster.local/'],
    ['steered_name', 'http://x.lvh.me/'],
    ['steered_name', 'http://7f000001.c0a80001.rbndr.us/'],
    ['address_in_name', 'http://10-0-0-5.a.example/'],
    ['scheme', 'gopher://127.0.0.1:6379/_x'],
    ['scheme', 'gopher://2130706433/'],
    ['scheme', 'file:///etc/passwd'],
    ['scheme', 'file://localhost/c:/windows/win.ini'],
    ['scheme', 'dict://a.example/'],
    ['scheme', 'ldap://a.example/'],
    ['scheme', 'javascript:alert(1)'],
    ['scheme', 'data:text/html;base64,PHNjcmlwdD4='],
    ['scheme', 'jar:http://a.example!/x'],
    ['scheme', 'http+unix://%2Fvar%2Frun%2Fdocker.sock/containers/json'],
    ['hostile_spelling', 'http://0o177.0.0.1/'],
    ['hostile_spelling', 'http://a.example\\@b.example/'],
    ['hostile_spelling', 'http:///a.example/'],
    ['hostile_spelling', 'http://134744072/'],
    ['hostile_spelling', 'http://a.example@b.example/'],
    ['hostile_spelling', 'http://a.example#@b.example/'],
    ['scheme', 'netdoc:///etc/passwd'],
    ['userinfo', 'https://user:secret@a.example/'],
    ['look_alike', 'http://аpple.com/'],
    ['look_alike', 'http://xn--pple-43d.com/'],
  ])('%s: %s', (kind, url) => {
    const { verdict, findings } = screenPayload({ url });
    expect(findings[0]?.id).toBe(`egress/${kind}`);
    expect(findings[0]?.pointer).toBe('/url');
    expect(verdict).toBe('hold');
  });
});

describe('a URL inside another value', () => {
  const url = 'http://169.254.169.254/latest/meta-data/';
  test.each<[string, Record<string, unknown>, string]>([
    ['a list', { sources: ['https://a.example/', url] }, '/sources/1'],
    ['an object', { lead: { avatar: { href: url } } }, '/lead/avatar/href'],
    ['prose', { body: `please read ${url}, and (${url}).` }, '/body'],
    ['Markdown', { body: `[report](${url})` }, '/body'],
    ['an XML entity', { body: `<!DOCTYPE x [<!ENTITY e SYSTEM "${url}">]>` }, '/body'],
    ['JSON in a string', { body: JSON.stringify({ next: { url } }) }, '/body'],
    ['JSON in JSON in a string', { args: [JSON.stringify({ a: JSON.stringify([url]) })] }, '/args/0'],
    ['base64', { body: b64(url) }, '/body'],
    ['JSON in base64', { body: b64(JSON.stringify({ url })) }, '/body'],
    ['hex', { body: Buffer.from(url).toString('hex') }, '/body'],
    ['percent-encoding', { body: encodeURIComponent(url) }, '/body'],
    ['a key', { [url]: 1 }, '/http:~1~1169.254.169.254~1latest~1meta-data~1'],
    ['an address alone, in whatever member', { x: '169.254.169.254' }, '/x'],
    ['a command', { command: 'curl -s 169.254.169.254/latest' }, '/command'],
    ['a name in a command', { command: "wget 'metadata.google.internal/x'" }, '/command'],
    ['host and path apart', { scheme: 'http', host: '169.254.169.254', path: '/latest' }, '/host'],
  ])('%s', (_, payload, pointer) => {
    expect(found(payload)).toContain(`egress/metadata ${pointer}`);
  });

  test('a host without a scheme, where the member names a place', () => {
    expect(found({ host: '10.0.0.5:8080' })).toEqual(['egress/private /host']);
    expect(found({ server: '0x7f000001' })).toEqual(['egress/loopback /server']);
    expect(found({ hostname: 'db.internal' })).toEqual(['egress/internal_name /hostname']);
  });
});

test.each([
  'https://docs.yourco.example/guide?page=2',
  'HTTPS://DOCS.YOURCO.EXAMPLE/',
  'https://docs.yourco.example/caf%C3%A9',
  'https://docs.yourco.example/a#section@2',
  'https://a.example/@user',
  'https://docs.yourco.example/runbooks/10.0.0.5.html',
  'http://8.8.8.8/',
  'http://[2606:4700::1111]/',
  'https://münchen.example/',
  'https://ec2-54-1-2-3.compute-1.amazonaws.com/',
  'https://a.example/?q=http:+the+protocol',
  'data:image/png;base64,iVBORw0KGgo=',
  'mailto:a@b.example',
  's3://bucket/key',
  'Upgrade from 10.4.2.1 to 10.4.3.0',
  'Order 2852039166 shipped',
  '0xdeadbeef is the magic number',
  'cXVhcnRlcmx5IHJlcG9ydCBhdHRhY2hlZCwgdGhhbmtz',
  'see https://a.example/, which is down',
  'https://a.example/ is down since 10:30',
  'note: localhost is a word',
  '//see the comment',
])('allows: %s', (text) => {
  expect(found({ body: text, title: text })).toEqual([]);
});

test('a URL is judged alike by a process that has just started and by one that has compiled its parser', () => {
  const judged = new Set<string>();
  for (let times = 0; times < 10_000; times++)
    for (const url of ['https://münchen.example/', 'https://bad host.example/ü']) {
      const { host, tricks } = readUrl(url)!;
      judged.add(`${host} ${tricks.join(',')}`);
    }
  expect([...judged]).toEqual(['xn--mnchen-3ya.example ', 'bad host.example refused']);
});

test('an allowed host may be internal; an imitation of it is held', () => {
  const policy = reviewFlagged({ allowed_domains: ['yourco.example', 'wiki.corp'] });
  expect(found({ url: 'https://wiki.corp/page' }, policy)).toEqual([]);
  expect(found({ url: 'https://docs.yourco.example.evil.test/x' }, policy)).toContain('egress/spoofed_domain /url');
  expect(found({ url: 'https://yоurco.example/x' }, policy)).toContain('egress/look_alike /url');
});

test('no spelling of an internal IPv4 address passes', () => {
  const internal = fc.oneof(
    fc.tuple(fc.constantFrom(10, 127, 0), fc.nat(255), fc.nat(255), fc.nat(255)),
    fc.tuple(fc.constant(192), fc.constant(168), fc.nat(255), fc.nat(255)),
    fc.tuple(fc.constant(169), fc.constant(254), fc.nat(255), fc.nat(255)),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), fc.nat(255), fc.nat(255)),
  );
  const part = (n: number, style: number): string =>
    [String(n), `0x${n.toString(16)}`, `0${n.toString(8)}`, `0X${n.toString(16).padStart(4, '0')}`][
      style % 4
    ] as string;
  fc.assert(
    fc.property(
      internal,
      fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
      fc.nat(5),
      fc.nat(4),
      (ip, styles, form, shape) => {
        const [a, b, c, d] = ip as [number, number, number, number];
        const [s, t, u, v] = styles as [number, number, number, number];
        const hex = (x: number, y: number): string => ((x << 8) | y).toString(16);
        const hosts = [
          [a, b, c, d].map((n, i) => part(n, styles[i] ?? 0)).join('.'),
          [part(a, s), part(b, t), part(c * 256 + d, u)].join('.'),
          [part(a, s), part(b * 65_536 + c * 256 + d, v)].join('.'),
          part(((a * 256 + b) * 256 + c) * 256 + d, s),
          `[::ffff:${hex(a, b)}:${hex(c, d)}]`,
          `[64:ff9b::${hex(a, b)}:${hex(c, d)}]`,
        ];
        const host = hosts[form] as string;
        const url = [
          `http://${host}/`,
          `https://${host}:8443/x?y=z`,
          `HTTP://a@${host}`,
          `http:\\\\${host}/`,
          `see http://${host}/ please`,
        ][shape] as string;
        expect(screenPayload({ url }).verdict, url).toBe('hold');
      },
    ),
    { numRuns: 500 },
  );
});
