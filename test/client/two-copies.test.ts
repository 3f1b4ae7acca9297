import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as Client from '../../client/index.ts';
import { isTransient } from '../../client/retry.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The built client, as two packages that npm installed at two places. */
let folder: string;
let a: typeof Client;
let b: typeof Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'letsping-copies-'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const copy = async (name: string) => {
    for (const part of ['client', 'contracts', 'domain'])
      await cp(join(ROOT, 'dist', part), join(folder, name, part), { recursive: true });
    return (await import(pathToFileURL(join(folder, name, 'client/index.js')).href)) as typeof Client;
  };
  [a, b] = [await copy('a'), await copy('b')];
});
afterAll(() => rm(folder, { recursive: true }));

test('instanceof recognises the errors of another copy of the client, class by class, both ways', () => {
  expect(a.LetsPingError).not.toBe(b.LetsPingError);
  for (const [from, to] of [
    [a, b],
    [b, a],
    [a, a],
  ] as const) {
    const plain = new from.LetsPingError('LETSPING_TIMEOUT', 'late');
    const rejected = new from.ApprovalRejectedError('no', 'req_1');
    const unreported = new from.ExecutionReportError(1, 'req_1', plain);
    const { LetsPingError, ApprovalRejectedError, ExecutionReportError } = to;
    const classesOf = (error: unknown) =>
      [LetsPingError, ApprovalRejectedError, ExecutionReportError].map((type) => error instanceof type);
    expect(classesOf(plain)).toEqual([true, false, false]);
    expect(classesOf(rejected)).toEqual([true, true, false]);
    expect(classesOf(unreported)).toEqual([true, false, true]);
    expect(rejected).toBeInstanceOf(Error);
  }
});

test('nothing else is an error of the client', () => {
  for (const other of [
    undefined,
    null,
    'LetsPingError',
    {},
    () => {},
    new Error('x'),
    Object.assign(new Error('x'), { name: 'LetsPingError', code: 'LETSPING_TIMEOUT' }),
  ])
    expect(other instanceof a.LetsPingError, String(other)).toBe(false);
});

test("an application's own class keeps the usual rules, and its errors are errors of both copies", () => {
  class OwnError extends a.LetsPingError {}
  const own = new OwnError('LETSPING_TIMEOUT', 'late');

  expect(own instanceof OwnError).toBe(true);
  expect(new a.LetsPingError('LETSPING_TIMEOUT', 'late') instanceof OwnError).toBe(false);
  expect(own instanceof b.LetsPingError).toBe(true);
  expect(own instanceof b.ApprovalRejectedError).toBe(false);
});

test('our own code decides by it: an error of another copy is retried as one of this copy is', () => {
  expect(isTransient(new a.LetsPingError('LETSPING_NETWORK', 'no answer'))).toBe(true);
  expect(isTransient(new a.LetsPingError('LETSPING_401_AUTH', 'no', { status: 401 }))).toBe(false);
});

test('the mark is not visible in a printed or enumerated error', () => {
  const error = new a.ApprovalRejectedError('no', 'req_1');
  expect(Object.keys(error)).toEqual(['name', 'code', 'status', 'problem', 'retryAfterMs', 'requestId', 'reason']);
  expect(Reflect.ownKeys(error).filter((key) => typeof key === 'symbol')).toEqual([]);
});
