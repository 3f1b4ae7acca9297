import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryFiles } from './helpers/repository-files.ts';

/** Who may import what (CONTRIBUTING): the linter says it while one writes, this says it of the whole tree. */
const ROOT = join(import.meta.dirname, '..');

/** Room → rooms it may import from. `type:` allows types only. */
const MAY: Record<string, string[]> = {
  contracts: [],
  domain: [
    'type:contracts',
    'contracts/decision-type',
    'contracts/workflow',
    'contracts/receipt',
    'contracts/guardrails',
    'contracts/verdict',
    'contracts/is-object',
  ],
  crypto: ['contracts', 'type:domain', 'domain/canonical-json'],
  receipts: ['contracts', 'domain', 'crypto'],
  storage: ['contracts', 'domain', 'crypto'],
  workflows: ['contracts', 'domain/approval'],
  activities: ['contracts', 'domain', 'type:crypto'],
  client: ['contracts', 'domain'],
  integrations: [
    'contracts',
    'client',
    'domain',
    'type:api/operations',
    'runtime/installed-package',
    'runtime/temporal/sdk-copies',
  ],
  api: ['contracts', 'domain', 'crypto'],
  runtime: ['contracts', 'domain', 'crypto'],
  workers: ['contracts', 'domain', 'runtime'],
};
/** Composition roots and programs: they see everything, and nothing imports them. */
const MAIN = ['api/main.ts', 'api/large-body/thread.ts', 'api/page/render-thread.ts', 'workers/main.ts'];
const FREE = ['cli/', 'examples/', 'bench/'];
/** Packages a pure room may use. */
const PURE =
  /^(safe-stable-stringify|@noble\/hashes|@scure\/base|ipaddr\.js|tldts|unhomoglyph|re2js|@marcbachmann\/cel-js|validator|libphonenumber-js)(\/|$)/;

const sources = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : /\.tsx?$/.test(path) ? [path] : [];
  });

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:([\s\S]*?)\s+from\s+)?'([^']+)'|import\('([^']+)'\)/g;

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(IMPORT)].map(([, type, names = '', path, dynamic]) => {
    const inner = names.replace(/[{}\s]/g, ' ').trim();
    const typeOnly =
      type !== undefined ||
      (names.includes('{') &&
        inner
          .split(',')
          .filter((name) => name.trim())
          .every((name) => name.trim().startsWith('type ')));
    const to = (path ?? dynamic)!;
    return { from: file, to: to.startsWith('.') ? posix.join(posix.dirname(file), to) : to, typeOnly };
  });
}

const ROOMS = [...Object.keys(MAY), 'cli', 'examples'];
const all = ROOMS.flatMap((room) => sources(room)).flatMap(importsOf);
const isLocal = ({ to }: Import) => ROOMS.some((room) => to.startsWith(`${room}/`)) || to.startsWith('bench/');

test('a room imports only the rooms below it', () => {
  expect(all.filter(isLocal).length).toBeGreaterThan(300); // the reading works
  const wrong = all.filter(isLocal).filter(({ from, to, typeOnly }) => {
    const room = from.split('/')[0]!;
    if (MAIN.includes(from) || FREE.some((prefix) => from.startsWith(prefix)) || to.startsWith(`${room}/`))
      return false;
    return !(MAY[room] ?? []).some((allowed) => {
      const types = allowed.startsWith('type:');
      const target = allowed.replace('type:', '');
      return (to === target || to.startsWith(`${target}/`) || to === `${target}.ts`) && (!types || typeOnly);
    });
  });
  expect(wrong.map(({ from, to, typeOnly }) => `${from} imports ${to}${typeOnly ? ' (types)' : ''}`)).toEqual([]);
});

test('nothing imports a composition root but the command line', () => {
  const wrong = all.filter(({ from, to }) => MAIN.includes(to) && !MAIN.includes(from) && !from.startsWith('cli/'));
  expect(wrong).toEqual([]);
});

test('cli/services is self-contained, and tests and benches import nothing else of the command line', () => {
  const inside = sources('cli/services').flatMap(importsOf);
  expect(inside.filter(({ to }) => to.startsWith('cli/') && !to.startsWith('cli/services/'))).toEqual([]);

  const outside = [...sources('test'), ...sources('bench')].filter((file) => !file.startsWith('test/cli/'));
  const wrong = outside
    .flatMap(importsOf)
    .filter(({ to }) => (to.startsWith('cli/') && !to.startsWith('cli/services/')) || to.startsWith('test/cli/'));
  expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});

test('domain and contracts are pure: no node, no I/O package', () => {
  const wrong = all.filter(
    (found) =>
      !isLocal(found) &&
      !found.typeOnly &&
      (found.from.startsWith('domain/')
        ? !PURE.test(found.to)
        : found.from.startsWith('contracts/') && found.to !== 'zod/v4'),
  );
  expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});

test('the api has no Temporal client, and of the steps only the wrapper of the activities names Temporal', () => {
  const wrong = all.filter(
    ({ from, to }) =>
      to.startsWith('@temporalio/') &&
      /^(api|activities)\//.test(from) &&
      from !== 'activities/application-failures.ts',
  );
  expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});

test('only storage talks SQL, and an integration imports no other', () => {
  expect(all.filter(({ from, to, typeOnly }) => to === 'pg' && !typeOnly && !/^(storage|cli)\//.test(from))).toEqual(
    [],
  );
  const crossing = all.filter(
    ({ from, to }) =>
      /^integrations\//.test(from) && /^integrations\//.test(to) && from.split('/')[1] !== to.split('/')[1],
  );
  expect(crossing).toEqual([]);
});

/** From the bottom up: each may import what stands before it, types included. Every other file of the firewall is above all. */
const FIREWALL = [
  'text',
  'finding-names.ts',
  'finding.ts',
  'hosts',
  'parsing',
  'privilege',
  'outbound',
  'sql',
  'shell',
  'money',
  'history',
  'policy',
  'screen-deps.ts',
  'guardrail.ts',
  'guardrails',
];

test("the firewall's folders import in one direction", () => {
  const inFirewall = all.filter(({ from, to }) => /^domain\/firewall\//.test(from) && /^domain\/firewall\//.test(to));
  const layerOf = (path: string) => {
    const layer = FIREWALL.indexOf(path.split('/')[2]!);
    return layer < 0 ? FIREWALL.length : layer;
  };
  const folders = readdirSync(join(ROOT, 'domain/firewall'), { withFileTypes: true }).filter((one) =>
    one.isDirectory(),
  );
  expect(folders.map(({ name }) => name).filter((name) => !FIREWALL.includes(name))).toEqual([]);
  expect(inFirewall.length).toBeGreaterThan(200); // the imports were found
  const upwards = inFirewall.filter(({ from, to }) => layerOf(to) > layerOf(from));
  expect(upwards.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
});

test('the tree has no import cycle, types included', () => {
  const targets = new Map<string, string[]>();
  for (const { from, to } of all.filter(isLocal)) targets.set(from, [...(targets.get(from) ?? []), to]);
  expect(targets.size).toBeGreaterThan(300); // the imports were found
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
    if (done.has(file) || path.includes(file)) return;
    for (const to of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  expect(cycles).toEqual([]);
});

/** These import the build by path, so the compiler does not see them: a moved file would only fail in a slow suite. */
test('the plain JavaScript of the tests imports what the sources export', () => {
  const programs = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => posix.join('test', file));
  const imports = programs.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/import \{([^}]*)\} from '[./]+\/dist\/([^']+)\.js'/g)].flatMap(
      ([, names = '', path]) =>
        names.split(',').map((name) => ({ file, path: `${path}.ts`, name: name.trim().split(' ')[0]! })),
    ),
  );
  expect(imports.length).toBeGreaterThan(20);
  const missing = imports.filter(({ path, name }) => {
    const exported = new RegExp(`export (?:async )?(?:function|const|class) ${name}\\b|export \\{[^}]*\\b${name}\\b`);
    return !existsSync(join(ROOT, path)) || (name !== '' && !exported.test(readFileSync(join(ROOT, path), 'utf8')));
  });
  expect(missing).toEqual([]);
});

test('a test cannot write into the source tree', async () => {
  const [file, relative] = [join(import.meta.dirname, 'left-behind.ts'), 'test/left-behind.ts'];
  for (const path of [file, relative]) {
    expect(() => writeFileSync(path, '')).toThrow(/writes into the source tree: test\/left-behind\.ts/);
    await expect(writeFile(path, '')).rejects.toThrow(/source tree/);
  }
  expect(() => mkdtempSync(join(import.meta.dirname, 'wrong-'))).toThrow(/source tree/);
  await expect(mkdtemp(join(import.meta.dirname, 'wrong-'))).rejects.toThrow(/source tree/);
  expect(existsSync(file)).toBe(false);

  const folder = mkdtempSync(join(tmpdir(), 'letsping-guard-'));
  writeFileSync(join(folder, 'file'), '');
  rmSync(folder, { recursive: true });
});

/** The client answers a caller with a `Decision`; the contract of that name is the body that an approver sends. */
const TWO_MEANINGS = ['Decision'];

test('an exported type has one definition', () => {
  const files = new Map<string, string[]>();
  for (const file of ROOMS.filter((room) => room !== 'examples').flatMap((room) => sources(room)))
    for (const [, name] of readFileSync(join(ROOT, file), 'utf8').matchAll(
      /^export (?:interface|type|class) (\w+)(?=[ <=])/gm,
    ))
      files.set(name!, [...new Set([...(files.get(name!) ?? []), file])]);
  expect(files.size).toBeGreaterThan(300); // the definitions were found
  const twins = [...files].filter(([name, at]) => at.length > 1 && !TWO_MEANINGS.includes(name));
  expect(twins).toEqual([]);
});

test('no file has more than 320 lines', () => {
  const long = ROOMS.flatMap((room) => sources(room)).filter(
    (file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > 320,
  );
  expect(long).toEqual([]);
});

test('no test replaces a module, because the files of a lane share processes', () => {
  const mocking = repositoryFiles(/^test\/.*\.ts$/).filter(({ text }) => /\bvi\.(?:m|doM)ock\(/.test(text));
  expect(mocking.map(({ path }) => path)).toEqual([]);
});
