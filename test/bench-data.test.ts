import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { run } from '../bench/firewall-quality.ts';
import { readCorpus } from '../bench/schemas/corpus.ts';
import { REPOSITORY } from './helpers/repository-files.ts';

const FOLDER = join(REPOSITORY, 'bench/data');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');
const records = (name: string): { id: string; source?: string; label: string }[] =>
  read(name)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Rows of a table whose first cell is code: `| `redteam-dev.jsonl` | 7707 | … |`. */
const rows = (text: string): string[][] =>
  [...text.matchAll(/^\| `[^\n]*\|$/gm)].map(([line]) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );

test('the README of the bench data counts its files, and names the licence of every source', () => {
  const table = rows(read('README.md'));
  for (const name of ['redteam-dev.jsonl', 'bypass-dev.jsonl', 'firewall-fresh.jsonl']) {
    const all = records(name);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const attacks = all.filter(({ label }) => label === 'attack').length;
    const counted = table.find(([first]) => first === name)?.slice(1, 4);
    expect(counted).toEqual([all.length, attacks, all.length - attacks].map(String));
  }
  const counts = new Map<string, number>();
  for (const { source } of records('redteam-dev.jsonl')) counts.set(source!, (counts.get(source!) ?? 0) + 1);
  const licences = read('LICENSES.md');
  for (const [source, count] of counts) {
    const row = table.find(([first]) => first === source);
    expect(row?.[1]).toBe(String(count));
    expect(row?.[2]).toMatch(/^(?:MIT|Apache-2\.0|CC BY 4\.0)/);
    expect(licences).toContain(`\`${source}\``);
  }
});

test('the README of the bench data counts the JSON Schemas, and names the licence of every source', () => {
  const table = rows(read('README.md'));
  const counts = new Map<string, number>();
  for (const { source } of readCorpus()) counts.set(source, (counts.get(source) ?? 0) + 1);
  for (const [source, count] of counts) {
    const row = table.find(([first]) => first === source);
    expect([row?.[1], row?.[2]]).toEqual([String(count), expect.stringMatching(/^MIT/)]);
    expect(read('LICENSES.md')).toContain(`\`${source}\``);
  }
});

test('firewall-quality judges a file without sessions, and refuses folds that select nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'letsping-quality-'));
  const printed: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  try {
    const args = [join(FOLDER, 'firewall-fresh.jsonl'), '--confusions', join(folder, 'confusions.jsonl')];
    await run([...args, '--folds', 'all', '--json']);
    expect(printed).toHaveLength(55);
    expect(new Set(printed.map((line) => JSON.parse(line).verdict))).toEqual(new Set(['allow', 'hold']));
    await expect(run([...args, '--folds', '3,4'])).rejects.toThrow('no call of folds 3,4 in these files');
  } finally {
    log.mockRestore();
    await rm(folder, { recursive: true });
  }
});
