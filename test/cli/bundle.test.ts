import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { REPOSITORY } from '../helpers/repository-files.ts';

const DIST = join(REPOSITORY, 'dist');
const PROGRAMS = join(DIST, 'programs');
const files = readdirSync(PROGRAMS).filter((name) => name.endsWith('.js'));
const textOf = (path: string) => readFileSync(join(DIST, path), 'utf8');

test.each(['cli/main.js', 'api/large-body/thread.js'])('%s runs its bundle and nothing else', (entry) => {
  const imported = [...textOf(entry).matchAll(/^import '(.+)';$/gm)].map(([, to]) =>
    posix.join(posix.dirname(entry), to!),
  );
  expect(imported).toEqual(['runtime/bundled-frames.js', `programs/${entry.replaceAll('/', '-')}`]);
  expect(
    textOf(entry)
      .replace(/^#!.*\n/, '')
      .trim()
      .split('\n'),
  ).toHaveLength(2);
});

test('a program has each of our modules once, and no code of a package', () => {
  const imports = files.flatMap((name) =>
    [...textOf(`programs/${name}`).matchAll(/(?:\bfrom |\bimport |\bimport\()"(\.[^"\n]+)"/g)].map(([, to]) => to!),
  );
  expect(imports.length).toBeGreaterThan(100); // the reading works
  // A second copy of a module has classes of its own, and `instanceof` would be false.
  expect(imports.filter((to) => !/^\.\/[\w-]+\.js$/.test(to))).toEqual([]);

  const sources = files.flatMap((name) => {
    const map = join(PROGRAMS, `${name}.map`);
    try {
      return (JSON.parse(readFileSync(map, 'utf8')) as { sources: string[] }).sources;
    } catch {
      return []; // it only passes names on
    }
  });
  expect(sources.length).toBeGreaterThan(300);
  expect(new Set(sources).size).toBe(sources.length);
  expect(sources.filter((source) => !/^\.\.\/[\w/.-]+\.js$/.test(source) || source.includes('node_modules'))).toEqual(
    [],
  );
});

test('CommonJS packages are required, so that Node does not read them for names; the others are imported', () => {
  const texts = files.map((name) => textOf(`programs/${name}`));
  const loaded = (pattern: RegExp) => [
    ...new Set(
      texts.flatMap((text) => [...text.matchAll(pattern)].map(([, id]) => id!)).filter((id) => !/^[.]|^node:/.test(id)),
    ),
  ];
  const imported = loaded(/^import [^"]*"([^"]+)";/gm);
  const required = loaded(/\$require\("([^"]+)"\)/g);
  expect(required).toEqual(expect.arrayContaining(['@temporalio/client', '@temporalio/worker', 'express']));
  expect(imported).toEqual(expect.arrayContaining(['zod/v4', 'pg']));
  expect(imported.filter((id) => required.includes(id))).toEqual([]);
});

/** The frames of the error of an api without configuration: file and line. */
function frames(...imports: string[]): string[] {
  const main = [...imports].map((path) => `await import(${JSON.stringify(pathToFileURL(join(DIST, path)).href)})`);
  const program = `${main.slice(0, -1).join(';')}; const { runApi } = ${main.at(-1)}; await runApi({}).catch((e) => console.log(e.stack)); process.exit()`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  return [...stdout.matchAll(/\((file:.+):\d+\)$/gm)].map(([, at]) => at!);
}

test('a stack trace names the file and line of the module, as without the bundle', () => {
  const bundled = frames('runtime/bundled-frames.js', 'programs/api-main.js');
  expect(bundled).toContainEqual(expect.stringMatching(/\/dist\/runtime\/config\.js:\d+$/));
  expect(bundled).toEqual(frames('api/main.js'));
  expect(frames('programs/api-main.js')[0]).toContain('/dist/programs/');
});
