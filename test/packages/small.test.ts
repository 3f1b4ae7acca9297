/** The cell of `npm run test:packages` that needs no registry: what is packed, and the client as a project has it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REPOSITORY } from '../helpers/repository-files.ts';
import { contentProblems, unpacked } from './cells/contents.ts';
import { loadExports } from './cells/exports.ts';
import { MODES, typeErrors } from './cells/types.ts';
import { PACKAGES } from './lab.ts';
import { mustRun } from './run-program.ts';

const CLIENT = 'letsping-temporal-client';
let folder: string;
let contents: Record<string, Map<string, string>>;

/** Packs the build, and unpacks each tarball into the node_modules of an otherwise empty project. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'letsping-small-'));
  await mustRun(process.execPath, [join(REPOSITORY, 'packages/pack.mjs'), folder], { cwd: REPOSITORY });
  const { version } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8'));
  const entries = PACKAGES.map(async (name) => {
    const target = join(folder, 'node_modules', name);
    await mkdir(target, { recursive: true });
    return [name, await unpacked(join(folder, `${name}-${version}.tgz`), target)] as const;
  });
  contents = Object.fromEntries(await Promise.all(entries));
  // The client's dependencies and nothing else: what it uses without naming it is missing here.
  const { dependencies } = JSON.parse(contents[CLIENT]!.get('package.json')!);
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(REPOSITORY, 'node_modules', name), link);
  }
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(PACKAGES)(
  'the tarball of %s holds its own files, all of them reached, and nothing of this machine',
  (name) => {
    expect(contents[name]!.size).toBeGreaterThan(30);
    expect(contentProblems(name, contents[name]!)).toEqual([]);
  },
);

test('a file that no export reaches, a test, a secret and a source map are found', () => {
  const files = new Map([
    ...contents[CLIENT]!,
    ['dist/client/unused.js', 'export {};\n//# sourceMappingURL=unused.js.map'],
    ['dist/client/a.test.js', `const key = '-----BEGIN ${'PRIVATE KEY'}-----';`],
  ]);
  expect(contentProblems(CLIENT, files)).toEqual([
    'dist/client/unused.js has a source map',
    'dist/client/a.test.js is not part of the package',
    'dist/client/a.test.js holds a secret',
    'dist/client/unused.js is not reached from an export',
    'dist/client/a.test.js is not reached from an export',
  ]);
});

test('the client has at most four dependencies, and loads by import and by require', async () => {
  const { dependencies, peerDependencies } = JSON.parse(contents[CLIENT]!.get('package.json')!);
  expect(Object.keys(dependencies).length).toBeLessThanOrEqual(4);
  expect(Object.keys(peerDependencies)).toEqual([]);
  expect(await loadExports(folder, CLIENT, process.execPath)).toBe(2);
});

test('consumers of the client type-check strictly, declarations included', async () => {
  const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  const [nodenext] = MODES;
  expect(await typeErrors(CLIENT, folder, tsc, nodenext!)).toEqual({ ours: [], others: 0 });

  // The same project finds a mistake.
  await writeFile(
    join(folder, 'check-nodenext-ES-module/wrong.ts'),
    `import { LetsPing } from '${CLIENT}';\nnew LetsPing(1);\n`,
  );
  const { ours } = await typeErrors(CLIENT, folder, tsc, nodenext!);
  expect(ours).toEqual([expect.stringMatching(/wrong\.ts:2 TS2345: Argument of type 'number'/)]);
});
