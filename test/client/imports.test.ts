import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { expect, test } from 'vitest';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const ROOMS = /^(?:client|domain|contracts)\//;
const PACKAGES = ['safe-stable-stringify', '@noble/hashes'];

/** Every file that the client runs, and every package that these name. Type imports are gone at run time, so they do not count. */
function walk(entry: string): { files: string[]; packages: string[] } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, names, from] of readFileSync(file, 'utf8').matchAll(
      /^(?:import|export)\s(?!type\b)([^;]*?)\bfrom '([^']+)';/gms,
    )) {
      const inner = /^\{([\s\S]*)\}$/
        .exec(names!.trim())?.[1]
        ?.split(',')
        .filter((name) => name.trim() !== '');
      if (inner?.every((name) => /^\s*type\s/.test(name))) continue;
      if (from!.startsWith('.')) visit(resolve(dirname(file), from!));
      else packages.add(from!);
    }
  };
  visit(join(ROOT, entry));
  return { files: [...files].map((file) => relative(ROOT, file)), packages: [...packages] };
}

test('the client drags in neither the server nor anything that only Node has', () => {
  const { files, packages } = walk('client/index.ts');

  expect(files).toContain('domain/digest.ts');
  expect(files.filter((file) => !ROOMS.test(file))).toEqual([]);
  expect(packages.filter((name) => !PACKAGES.some((known) => name === known || name.startsWith(`${known}/`)))).toEqual(
    [],
  );
});

test('the client is small, and names no global of Node but a guarded process', async () => {
  const bundle = await build({
    root: ROOT,
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: true, lib: { entry: 'client/index.ts', formats: ['es'] } },
  });
  const { code, imports } = (Array.isArray(bundle) ? bundle[0]! : (bundle as never)).output[0];

  expect(imports).toEqual([]);
  expect(code).not.toMatch(/\b(?:Buffer|setImmediate|__dirname)\b|\brequire\(/);
  expect(gzipSync(code).length).toBeLessThan(15 * 1024);
});
