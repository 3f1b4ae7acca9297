import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import { COMMANDS } from '../../cli/all-commands.ts';

vi.setConfig({ testTimeout: 120_000 });

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'letsping-commands-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** No server is configured, and the folder has no local one. */
const env = { PATH: process.env['PATH'], LETSPING_DATA_DIR: join(folder, 'none') };

/** Runs `letsping`, and returns the packages that it loaded. */
function loadedBy(...args: string[]): { out: string; packages: string[] } {
  const log = join(folder, 'loaded');
  writeFileSync(log, '');
  writeFileSync(
    join(folder, 'hooks.mjs'),
    `import { appendFileSync } from 'node:fs';
    export async function load(url, context, next) { appendFileSync(${JSON.stringify(log)}, url + '\\n'); return next(url, context); }`,
  );
  writeFileSync(
    join(folder, 'register.mjs'),
    `import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);`,
  );
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', join(folder, 'register.mjs'), MAIN, ...args],
    { env, encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const urls = readFileSync(log, 'utf8').split('\n');
  expect(urls).toContainEqual(expect.stringMatching(/dist\/programs\/cli-main\.js$/)); // the hook sees what is loaded
  const names = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  return { out: stdout, packages: [...new Set(names)] };
}

test('the list of commands is that of their declarations, and loads no package, least of all the Temporal worker', () => {
  const { out, packages } = loadedBy('help');
  const lines = out.split('\n\n')[1]!.split('\n');
  expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual(COMMANDS.map(({ name, summary }) => [name, summary]));
  expect(packages).toEqual([]);
});

test.each(COMMANDS.map(({ name }) => name))(
  'letsping %s --help: usage, options with a description, an example',
  (name) => {
    const { out, packages } = loadedBy(name, '--help');
    expect(out).toMatch(new RegExp(`^usage: letsping ${name}\\b`));
    expect(out).toMatch(/\nexamples?\n {2}\S/);
    for (const [, option] of out.split('\n\n')[0]!.matchAll(/(--[a-z-]+)/g))
      if (!name.match(/^(?:keys|permits|policy|retention|sessions|signing-keys)$/))
        expect(out).toMatch(new RegExp(`^ {2}${option}(?: \\S+)*  +\\w`, 'm'));
    for (const line of out.split('\n')) expect([...line].length).toBeLessThanOrEqual(120);
    expect(packages).toEqual([]);
  },
);

const groups = COMMANDS.flatMap(({ help }) => [...help.matchAll(/^ {2}((?:keys|policy) [a-z]+) {2,}/gm)]);
const helps = [
  ...COMMANDS.map(({ help }) => help),
  ...groups.map(([, name]) =>
    spawnSync(process.execPath, [MAIN, ...name!.split(' '), '--help'], { env }).stdout.toString(),
  ),
];
const examples = [
  ...new Set(
    helps.flatMap((help) =>
      help
        .split(/\nexamples?\n/)[1]!
        .split('\n\n')[0]!
        .trim()
        .split(/\n\s*/),
    ),
  ),
];

test('every example of a help is accepted as it is written', () => {
  const files = {
    'policy.yaml': 'default_routing: review_flagged',
    'payload.json': '{}',
    'jwks.json': '{"keys":[]}',
    'receipt.jws': 'e30.e30.e30',
    'actions.jsonl': '{}',
  };
  const own = examples.filter((example) => !/^(?:npm run|letsping (?:dev|demo)\b)/.test(example));
  expect(own.length).toBeGreaterThan(20);
  const program = `letsping() { ${process.execPath} ${MAIN} "$@"; }\n`;
  const refused = own.flatMap((example) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { status, stderr } = spawnSync('sh', ['-c', program + example], { cwd: folder, env, encoding: 'utf8' });
    return status === 0 || status === 1 ? [] : [`${example}: ${stderr}`];
  });
  expect(refused).toEqual([]);
});
