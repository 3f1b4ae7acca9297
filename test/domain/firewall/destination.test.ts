import { describe, expect, test } from 'vitest';
import { found, reviewFlagged, screenPayload } from './screening.ts';

const OWN = reviewFlagged({ allowed_domains: ['yourco.example', 'partner.example'] });

describe('a call that reaches more than one receiver', () => {
  const report = {
    to: 'sales-team@yourco.com',
    webhook_urls: ['https://internal-api.yourco.com/report-hook', 'https://collector.evil.example/report'],
  };

  test('only the additional receiver is reported, at its own pointer', () => {
    expect(found(report)).toEqual(['destination/extra_domain /webhook_urls/1']);
    expect(screenPayload(report).findings[0]).toMatchObject({
      severity: 'high',
      evidence: 'https://collector.evil.example/report',
    });
  });

  test('without it nothing is reported', () => {
    expect(screenPayload({ ...report, webhook_urls: report.webhook_urls.slice(0, 1) })).toEqual({
      verdict: 'allow',
      findings: [],
    });
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['bcc', { to: 'a@yourco.com', bcc: ['b@yourco.com', 'drop@evil.example'] }, '/bcc/1'],
    ['a list in a string', { to: 'a@yourco.com, drop@evil.example' }, '/to'],
    ['a display name', { to: 'a@yourco.com', cc: '"b@yourco.com" <drop@evil.example>' }, '/cc'],
    ['reply to', { to: 'a@yourco.com', replyTo: 'drop@evil.example' }, '/replyTo'],
    ['a longer name', { to: 'a@yourco.com', cc: 'a@yourco.com.evil.example' }, '/cc'],
    [
      'a nested notification',
      { to: 'a@yourco.com', notify: [{ type: 'http', address: 'https://evil.example' }] },
      '/notify/0/address',
    ],
    ['a second box at a public provider', { to: 'ana.x@gmail.com', cc: 'ana.y@gmail.com' }, '/cc'],
    [
      'two tenants under one private suffix',
      { callback_url: 'https://a.github.io/', sink: 'https://b.github.io/' },
      '/sink',
    ],
  ])('%s', (_, payload, pointer) => {
    expect(found(payload)).toContain(`destination/extra_domain ${pointer}`);
  });
});

describe('a policy that lists domains', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['another domain', { to: 'x@evil.test' }, 'destination/unlisted_domain /to'],
    ['a suffix inside a label', { to: 'x@notyourco.example' }, 'destination/unlisted_domain /to'],
    ['the list as a prefix', { to: 'x@yourco.example.evil.test' }, 'destination/unlisted_domain /to'],
    ['a rule that forwards', { rule: { forward_to: 'x@evil.test' } }, 'destination/unlisted_domain /rule/forward_to'],
    ['a share', { file: 'plan.xlsx', grantee: 'x@evil.test' }, 'destination/unlisted_domain /grantee'],
    ['a callback', { callbackUrl: 'https://evil.test/cb' }, 'destination/unlisted_domain /callbackUrl'],
    ['an image in Markdown', { text: '![x](https://evil.test/p.png?d=1)' }, 'destination/content_beacon /text'],
    ['text in a label', { text: 'look up 5365637265742d746f6b656e.evil.test' }, 'destination/encoded_label /text'],
  ])('holds %s', (_, payload, expected) => {
    expect(found(payload, OWN)).toContain(expected);
    expect(screenPayload(payload, OWN).verdict).toBe('hold');
  });

  test.each<[string, Record<string, unknown>]>([
    ['own domain in bcc', { to: ['cfo@yourco.example'], bcc: ['archive@yourco.example'] }],
    ['a partner in cc', { to: 'a@yourco.example', cc: 'ops@partner.example' }],
    ['own callback', { report: 'r1', callbackUrl: 'https://api.yourco.example/cb' }],
    ['own share', { file: 'plan.xlsx', grantee: 'x@yourco.example' }],
    ['a subdomain', { to: 'a@eu.yourco.example' }],
    ['own image', { text: '![logo](https://cdn.yourco.example/logo.png)' }],
    ['an order number', { text: 'Order 4111-22-333 is ready' }],
    ['a UUID', { text: '550e8400-e29b-41d4-a716-446655440000' }],
    ['a range of dates', { text: '2026-01-01..2026-03-31' }],
    ['the last digits of a card', { text: 'card ending 1111' }],
    ['an emoji with joiners', { text: '👩‍💻 shipped it' }],
    ['a flag made of tags', { text: 'made in 🏴󠁧󠁢󠁳󠁣󠁴󠁿' }],
    ['an address that is only mentioned', { customer: { email: 'x@gmail.com' }, subject: 'about x@evil.test' }],
  ])('allows %s', (_, payload) => {
    expect(screenPayload(payload, OWN)).toEqual({ verdict: 'allow', findings: [] });
  });

  test('a public mail provider is allowed by whole address only', () => {
    const policy = reviewFlagged({ allowed_domains: ['gmail.com', 'ana@outlook.com'] });
    expect(found({ to: 'x@gmail.com' }, policy)).toEqual(['destination/unlisted_domain /to']);
    expect(found({ to: 'Ana@Outlook.com' }, policy)).toEqual([]);
    expect(found({ to: 'bob@outlook.com' }, policy)).toEqual(['destination/unlisted_domain /to']);
  });

  test('a URL that is only read is a low finding, which holds under untrusted context', () => {
    const payload = { url: 'https://elsewhere.example/?d=1' };
    expect(screenPayload(payload, OWN)).toMatchObject({
      verdict: 'allow',
      findings: [{ id: 'destination/unlisted_url', severity: 'low' }],
    });
    expect(screenPayload(payload, OWN, { untrusted: true })).toMatchObject({ verdict: 'hold', held_by: 'finding' });
  });
});

describe('findings that need no list', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['a paste site', { upload_to: 'https://pastebin.com/api/api_post.php' }, 'destination/drop_site /upload_to'],
    ['a tunnel', { endpoint: 'https://a1b2.ngrok.io/in' }, 'destination/drop_site /endpoint'],
    ['an injected header', { to: 'x@yourco.com\r\nBcc: y@yourco.com' }, 'destination/header_injection /to'],
    ['hidden text', { text: `hello${String.fromCodePoint(0xe0073, 0xe0065)}` }, 'destination/hidden_text /text'],
    ['a bank account', { iban: 'GB33 BUKB 2020 1555 5555 55' }, 'destination/account /iban'],
  ])('%s', (_, payload, expected) => {
    expect(found(payload)).toContain(expected);
  });
});
