import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, posix } from 'node:path';
import { REPOSITORY } from '../../helpers/repository-files.ts';
import { type Cell, Problems } from '../cell.ts';
import { PACKAGES, type PackageName, packInto } from '../lab.ts';
import { mustRun } from '../run-program.ts';

const ALLOWED: Record<PackageName, RegExp> = {
  'letsping-temporal':
    /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE|dist\/workflow-bundle\.js|dist\/docs\/[\w-]+\.html|dist\/storage\/migrations\/\d{4}_\w+\.sql|dist\/programs\/[\w-]+\.js(?:\.map)?|dist\/(?:activities|api|cli|client|contracts|crypto|domain|integrations|receipts|runtime|storage|workers|workflows)\/[\w./-]+\.(?:js|d\.ts))$/,
  'letsping-temporal-client':
    /^(?:package\.json|README\.md|LICENSE|dist\/(?:client|contracts|domain)\/[\w./-]+\.(?:js|d\.ts))$/,
  'letsping-temporal-langgraph':
    /^(?:package\.json|README\.md|LICENSE|dist\/(?:client|contracts|domain|integrations\/langgraph|runtime)\/[\w./-]+\.(?:js|d\.ts))$/,
};
const REFUSED =
  /^(?!dist\/programs\/).*\.map$|(?:^|\/)(?:bench|demo|examples|test|tests)\/|\.test\.|\.tsbuildinfo$|(?:^|\/)\.env/;
const SECRET = /-----BEGIN [A-Z ]*PRIVATE KEY-----|\blp_(?:live|test)_[A-Za-z0-9]{16,}|\bnpm_[A-Za-z0-9]{36}\b/;
/** Temporal reads the source map of the bundle to name lines of workflows in errors. */
const MAP = /sourceMappingURL=/;

/** Unpacks a tarball into an existing folder; path → text. */
export async function unpacked(tarball: string, folder: string): Promise<Map<string, string>> {
  const { stdout } = await mustRun('tar', ['-xvzf', tarball, '--strip-components=1'], { cwd: folder });
  const paths = stdout
    .split('\n')
    .filter(Boolean)
    .map((path) => path.replace(/^package\//, ''));
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const)),
  );
}

/** Paths and texts that must not be published. */
function refusedContents(name: PackageName, files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([path, text]) => [
    ...(ALLOWED[name].test(path) && !REFUSED.test(path) ? [] : [`${path} is not part of the package`]),
    ...(SECRET.test(text) ? [`${path} holds a secret`] : []),
    ...([REPOSITORY, `${homedir()}/`].some((folder) => text.includes(folder))
      ? [`${path} names a folder of this machine`]
      : []),
    ...(MAP.test(text) && path !== 'dist/workflow-bundle.js' ? [`${path} has a source map`] : []),
  ]);
}

const IMPORTS = /\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"\n]+)['"]/g;
type Manifest = { exports: Record<string, string | Record<string, string>> };

/** Files in `dist/` that no export reaches by imports. */
function unreachedFiles(files: ReadonlyMap<string, string>): string[] {
  const { exports } = JSON.parse(files.get('package.json') ?? '{}') as Manifest;
  const waiting = Object.values(exports)
    .flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)))
    .map((path) => posix.normalize(path));
  const reached = new Set<string>();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    const text = files.get(file);
    if (text === undefined) throw new Error(`${file} is imported or exported, and missing`);
    reached.add(file);
    for (const [, to] of text.matchAll(IMPORTS)) {
      const path = posix.join(posix.dirname(file), to!);
      waiting.push(file.endsWith('.d.ts') ? path.replace(/\.[jt]s$/, '.d.ts') : path);
    }
  }
  return [...files.keys()].filter((path) => path.startsWith('dist/') && !reached.has(path));
}

/** What is wrong with the contents of a package. */
export function contentProblems(name: PackageName, files: ReadonlyMap<string, string>): string[] {
  // The whole package is a program too: its commands load files that no export reaches.
  const unreached = name === 'letsping-temporal' ? [] : unreachedFiles(files);
  return [
    ...refusedContents(name, files),
    ...unreached.map((path) => `${path} is not reached from an export`),
    ...['package.json', 'LICENSE', 'README.md'].filter((path) => !files.has(path)).map((path) => `${path} is missing`),
  ];
}

const contentsCell = (name: PackageName): Cell => ({
  name: `contents ${name}`,
  async run(lab) {
    const files = await unpacked(await lab.tarball(name), await lab.newFolder(`unpacked-${name}`));
    const problems = new Problems();
    problems.add(...contentProblems(name, files));
    problems.assertNone();
    const bytes = [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    return `${files.size} files, ${Math.ceil(bytes / 1_000)} kB`;
  },
});

const sha256 = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

const reproducible: Cell = {
  name: 'contents of two packs',
  async run(lab) {
    const again = await packInto(await lab.newFolder('tarballs-again'));
    const problems = new Problems();
    for (const name of PACKAGES) {
      const first = await lab.tarball(name);
      problems.check(
        (await sha256(first)) === (await sha256(join(again, basename(first)))),
        `${name}: two packs differ`,
      );
    }
    problems.assertNone();
    return 'equal, byte for byte';
  },
};

export const CONTENTS: Cell[] = [...PACKAGES.map(contentsCell), reproducible];
