import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AnchoredHead, MAX_RECENT } from '../../domain/acts/act.ts';
import { AnchorUnusable } from '../../domain/acts/ports.ts';
import { anchorFile } from '../../runtime/anchor-file.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'letsping-anchor-'));
  path = join(dir, 'anchor.json');
});
afterEach(() => rmSync(dir, { recursive: true }));

const act = (number: number, epoch = 1) => ({
  number,
  epoch,
  kind: 'key_created',
  subject: `key_${number}`,
  actor: 'ana',
  at: new Date(number).toISOString(),
});
const head = (number: number, epoch = 1): AnchoredHead => ({
  epoch,
  number,
  mac: `mac-${epoch}-${number}`,
  recent: [act(number, epoch)],
});
const one = (project: string, value: AnchoredHead) => new Map([[project, value]]);

test('the newer head of each project stays: by epoch, then by number', async () => {
  const anchor = anchorFile(path);
  expect(await anchor.read()).toBeUndefined();
  await anchor.raise(one('a', head(5)));
  await anchor.raise(one('b', head(1)));
  await anchor.raise(one('a', head(3)));
  expect((await anchor.read())?.get('a')).toMatchObject({ epoch: 1, number: 5, mac: 'mac-1-5' });
  await anchor.raise(one('a', head(2, 2)));
  await anchor.raise(one('a', head(9, 1)));
  expect((await anchor.read())?.get('a')).toMatchObject({ epoch: 2, number: 2 });
  expect((await anchor.read())?.get('b')?.number).toBe(1);
  await anchor.replace(one('a', head(1)));
  expect([...(await anchor.read())!.keys()]).toEqual(['a']);
  expect((await anchor.read())?.get('a')?.number).toBe(1);
});

test('it names the newest acts, and no more than it may', async () => {
  const anchor = anchorFile(path);
  for (let number = 1; number <= MAX_RECENT + 3; number++) await anchor.raise(one('a', head(number)));
  const recent = (await anchor.read())?.get('a')?.recent.map(({ number }) => number);
  expect(recent).toEqual(Array.from({ length: MAX_RECENT }, (_, i) => i + 4));
});

test('writers of several processes: the highest head is left, for its owner alone, and nothing beside it', async () => {
  const numbers = Array.from({ length: 60 }, (_, i) => i + 1).sort((a, b) => ((a * 37) % 61) - ((b * 37) % 61));
  await Promise.all(numbers.map((number) => anchorFile(path).raise(one('a', head(number)))));
  expect((await anchorFile(path).read())?.get('a')?.number).toBe(60);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(['anchor.json']);
});

test('the lock of a killed process is removed, and a younger one is waited for', async () => {
  const lock = `${path}.lock`;
  writeFileSync(lock, '');
  utimesSync(lock, new Date(), new Date(Date.now() - 60_000));
  await anchorFile(path).raise(one('a', head(1)));
  writeFileSync(lock, '');
  const waiting = anchorFile(path).raise(one('a', head(2)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await anchorFile(path).read())?.get('a')?.number).toBe(1);
  rmSync(lock);
  await waiting;
  expect((await anchorFile(path).read())?.get('a')?.number).toBe(2);
});

test('a damaged file is neither believed nor replaced by an act; a folder that is missing is named', async () => {
  for (const text of ['', '{', '{"format":2,"projects":{}}', '{"format":1,"projects":{"a":{"epoch":0,"number":1}}}']) {
    writeFileSync(path, text);
    await expect(anchorFile(path).read()).rejects.toMatchObject({ name: 'AnchorUnusable', damaged: true });
    await expect(anchorFile(path).raise(one('a', head(1)))).rejects.toThrow(AnchorUnusable);
    expect(readFileSync(path, 'utf8')).toBe(text);
  }
  expect(readdirSync(dir)).toEqual(['anchor.json']);
  await expect(anchorFile(join(dir, 'none', 'anchor.json')).raise(one('a', head(1)))).rejects.toThrow(
    /none\/anchor.json cannot be written \(ENOENT\): its folder must exist/,
  );
});
