import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { newId } from '../../crypto/ids.ts';
import { type IgnoredNotice, noticeGatherer } from '../../storage/db/notice-gatherer.ts';
import { parseDeliveryNotice, parseRequestNotice, parseRevokedNotice } from '../../storage/db/notices.ts';

const PARSERS = [parseRequestNotice, parseDeliveryNotice, parseRevokedNotice];
const [request, key] = [newId('req'), newId('key')];
const delivery = `dlv_${'0123456789abcdef'.repeat(2)}`;

test('a notice is a letter and an id, or an id', () => {
  const [implied, request_id] = [false, request];
  expect(parseRequestNotice(`o${request}`)).toEqual([{ event: 'approval_request.opened', request_id, implied }]);
  expect(parseRequestNotice(`s${request}`)).toEqual([
    { event: 'approval_request.opened', request_id, implied },
    { event: 'approval_request.resolved', request_id, implied },
  ]);
  // What happened before comes with it.
  expect(parseRequestNotice(`r${request}`)).toEqual([
    { event: 'approval_request.opened', request_id, implied: true },
    { event: 'approval_request.held', request_id, implied: true },
    { event: 'approval_request.resolved', request_id, implied },
  ]);
  expect(parseDeliveryNotice(delivery)).toBe(delivery);
  expect(parseRevokedNotice(key)).toBe(key);
});

/** Texts that are near to a notice: a genuine one, cut, repeated, with a character replaced or inserted. */
const near = fc
  .tuple(
    fc.constantFrom(`r${request}`, `s${request}`, `o${request}`, request, key, delivery),
    fc.nat(40),
    fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), fc.constantFrom('\n', '\0', ' ', "'", 'R', 'u')),
    fc.boolean(),
  )
  .map(([text, at, piece, replaces]) => text.slice(0, at) + piece + text.slice(at + (replaces ? 1 : 0)));
const junk = fc.oneof(
  near,
  fc.string({ unit: 'binary', maxLength: 8_000 }),
  fc.json(),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    '{',
    'null',
    `{"event":"approval_request.resolved","request_id":"${request}"}`,
  ),
);
const EXACT = [/^[ohpres]req_[0-7][0-9a-hjkmnp-tv-z]{25}$/, /^dlv_[0-9a-f]{32}$/, /^key_[0-7][0-9a-hjkmnp-tv-z]{25}$/];

test('generated texts: a parser accepts exactly its form, and never throws', () => {
  let accepted = 0;
  fc.assert(
    fc.property(junk, (text) => {
      for (const [at, parse] of PARSERS.entries()) {
        const isNotice = parse(text) !== undefined;
        expect(isNotice).toBe(EXACT[at]!.test(text));
        if (isNotice) accepted += 1;
      }
    }),
    { numRuns: 5_000, examples: [[`r${request}`], [delivery], [key], [`r${request}\n`]] },
  );
  expect(accepted).toBeGreaterThanOrEqual(3);
});

const gathered = (read: (notices: string[]) => Promise<void>) => {
  const calls = { ignored: [] as IgnoredNotice[], excess: 0, failed: [] as unknown[] };
  const gatherer = noticeGatherer({
    parse: parseDeliveryNotice,
    read,
    onIgnored: (reason) => calls.ignored.push(reason),
    onExcess: () => {
      calls.excess += 1;
    },
    onFailed: (error) => calls.failed.push(error),
  });
  return { gatherer, calls };
};
const nth = (n: number) => `dlv_${n.toString(16).padStart(32, '0')}`;

test('notices that arrive together are read together, equal ones once, and junk is counted', async () => {
  const reads: string[][] = [];
  const { gatherer, calls } = gathered(async (notices) => void reads.push(notices));
  for (const text of [nth(1), 'junk', nth(2), nth(1), '']) gatherer.add(text);
  await vi.waitFor(() => expect(reads).toHaveLength(1));
  expect(reads).toEqual([[nth(1), nth(2)]]);
  expect(calls).toEqual({ ignored: ['malformed', 'malformed'], excess: 0, failed: [] });
  gatherer.add(nth(1));
  await vi.waitFor(() => expect(reads).toHaveLength(2));
  gatherer.stop();
});

test('one read runs at a time; what arrives meanwhile is read after it', async () => {
  let running = 0;
  let release = () => {};
  const reads: string[][] = [];
  const { gatherer } = gathered(async (notices) => {
    expect(++running).toBe(1);
    reads.push(notices);
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    running -= 1;
  });
  gatherer.add(nth(1));
  await vi.waitFor(() => expect(reads).toHaveLength(1));
  for (const n of [2, 3, 4]) gatherer.add(nth(n));
  release();
  await vi.waitFor(() => expect(reads).toHaveLength(2));
  expect(reads[1]).toEqual([nth(2), nth(3), nth(4)]);
  release();
  gatherer.stop();
});

test('of a flood 500 are read, and the rest is one gap; later notices are read again', async () => {
  const read = new Set<string>();
  const { gatherer, calls } = gathered(async (notices) => {
    for (const notice of notices) read.add(notice);
  });
  for (let n = 0; n < 5_000; n++) gatherer.add(nth(n));
  await vi.waitFor(() => expect(calls.excess).toBe(1), { timeout: 10_000 });
  expect(read.size).toBe(500);
  expect(calls.ignored).toEqual(Array(4_500).fill('excess'));
  gatherer.add(nth(9_999));
  await vi.waitFor(() => expect(read).toContain(nth(9_999)));
  gatherer.stop();
});

test('a read that fails is reported and does not stop the next one', async () => {
  let isBroken = true;
  const reads: string[][] = [];
  const { gatherer, calls } = gathered(async (notices) => {
    if (isBroken) throw new Error('no rows');
    reads.push(notices);
  });
  gatherer.add(nth(1));
  await vi.waitFor(() => expect(calls.failed).toEqual([new Error('no rows')]));
  isBroken = false;
  gatherer.add(nth(2));
  await vi.waitFor(() => expect(reads).toEqual([[nth(2)]]));
  gatherer.stop();
  gatherer.add(nth(3));
  expect(calls.ignored).toEqual([]);
});
