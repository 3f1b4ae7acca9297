import { afterEach, expect, test, vi } from 'vitest';
import { DomainError } from '../../domain/errors.ts';
import { createLanes } from '../../storage/db/lanes.ts';

interface Row {
  name: string;
  bytes: number;
}
afterEach(() => void vi.restoreAllMocks());
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Lanes whose statements end when the test says so. */
function heldLanes() {
  const sent: { names: string[]; end: () => void; fail: (error: Error) => void }[] = [];
  const write = createLanes<Row, string>(
    (rows) =>
      new Promise((resolve, reject) => {
        const names = rows.map(({ name }) => name);
        sent.push({ names, end: () => resolve(names.map((name) => `${name} written`)), fail: reject });
      }),
  );
  const put = (name: string, lane = 'a', bytes = 1) => write(lane, { name, bytes });
  return { sent, put, names: () => sent.map(({ names }) => names.length) };
}

test('a row is sent at once while fewer than two statements of its lane are under way; the others share the next', async () => {
  const { sent, put, names } = heldLanes();
  const rows = Array.from({ length: 21 }, (_, at) => put(`row ${at}`));
  expect(sent.map((one) => one.names)).toEqual([['row 0'], ['row 1']]);
  sent[1]!.end();
  expect(await rows[1]).toBe('row 1 written');
  await settled();
  expect(names()).toEqual([1, 1, 16]);
  sent[0]!.end();
  await settled();
  expect(names()).toEqual([1, 1, 16, 2]); // three are left
  sent[2]!.end();
  await settled();
  expect(names()).toEqual([1, 1, 16, 2, 1]);
  for (const { end } of sent) end();
  expect(await Promise.all(rows)).toEqual(rows.map((_, at) => `row ${at} written`));
});

test('lanes do not wait for each other, and an idle one sends at once', async () => {
  const { sent, put } = heldLanes();
  for (const name of ['1', '2', '3']) void put(name);
  const other = put('4', 'b');
  expect(sent.map(({ names }) => names)).toEqual([['1'], ['2'], ['4']]);
  sent[2]!.end();
  await other;
  void put('5', 'b');
  expect(sent.at(-1)?.names).toEqual(['5']);
});

test('a statement has a megabyte at most, or one row', async () => {
  const { sent, put, names } = heldLanes();
  for (const name of ['1', '2']) void put(name);
  for (let at = 0; at < 3; at++) void put('half', 'a', 600 * 1024);
  void put('whole', 'a', 4 * 1024 * 1024);
  for (let at = 0; at < 4; at++) void put('small', 'a', 200 * 1024);
  for (let at = 0; at < sent.length; at++) {
    sent[at]!.end();
    await settled();
  }
  expect(names()).toEqual([1, 1, 1, 1, 1, 1, 4]);
});

test('after a refusal each row has its own result or error', async () => {
  const tried: string[][] = [];
  const write = createLanes<Row, string>(async (rows) => {
    const names = rows.map(({ name }) => name);
    tried.push(names);
    await settled();
    if (names.includes('bad')) throw new Error('refused');
    return names;
  });
  const rows = ['1', '2', 'good', 'bad', 'also good', 'good too'].map((name) => write('a', { name, bytes: 1 }));
  const ends = await Promise.allSettled(rows);
  expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : String(end.reason)))).toEqual([
    '1',
    '2',
    'good',
    'Error: refused',
    'also good',
    'good too',
  ]);
  expect(tried.slice(2)).toEqual([
    ['good', 'bad', 'also good', 'good too'],
    ['good'],
    ['bad'],
    ['also good'],
    ['good too'],
  ]);
  expect(await write('a', { name: 'later', bytes: 1 })).toBe('later');
});

test('rows of a statement without an answer are not sent again', async () => {
  const { sent, put } = heldLanes();
  const rows = ['1', '2', '3', '4'].map((name) => put(name));
  sent[0]!.end();
  await settled();
  sent[2]!.fail(new DomainError('database_unavailable', 'away'));
  sent[1]!.end();
  const ends = await Promise.allSettled(rows);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
  expect(sent).toHaveLength(3);
});

test('a row that has waited for three seconds is refused, and those after it are sent', async () => {
  const { sent, put } = heldLanes();
  const rows = ['1', '2', 'old'].map((name) => put(name));
  const now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now + 3_100);
  rows.push(put('new'));
  sent[0]!.fail(new DomainError('database_unavailable', 'away'));
  await expect(rows[0]).rejects.toMatchObject({ message: 'away' });
  await expect(rows[2]).rejects.toMatchObject({ code: 'database_unavailable' });
  expect(sent.map(({ names }) => names)).toEqual([['1'], ['2'], ['new']]);
  for (const { end } of sent) end();
  expect(await rows[1]).toBe('2 written');
  expect(await rows[3]).toBe('new written');
});
