/**
 * `npm run pack:all`: writes the three tarballs into `tarballs/`, or into the folder that is the first argument. The whole package is what `files` of package.json lists. The small
 * ones are cut from the same build: the files that their entry reaches by imports, in JavaScript and in declarations, and the packages
 * that these files import.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, relative, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const TARBALLS = resolve(process.argv[2] ?? join(ROOT, 'tarballs'));
const root = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Our files import `zod/v4`, which both majors have, and of a client only its declarations do. LangGraph's own range. */
const ZOD = { zod: '^3.25.32 || ^4.2.0' };
const range = (...names) => Object.fromEntries(names.map((name) => [name, root.dependencies[name]]));

/** What a package may depend on, with its ranges: a file that imports anything else fails the build. */
const PACKAGES = [
  {
    folder: 'client',
    name: 'letsping-temporal-client',
    description: 'Human approval for AI agents: the client of letsping-temporal, for Node, browsers and edge runtimes',
    entry: 'client/index',
    dependencies: { ...range('@noble/hashes', '@scure/base', 'safe-stable-stringify'), ...ZOD },
    peers: {},
  },
  {
    folder: 'langgraph',
    name: 'letsping-temporal-langgraph',
    description:
      'Human approval for LangGraph threads that wait for days: checkpointer, pause and resume worker of letsping-temporal',
    entry: 'integrations/langgraph/index',
    dependencies: {},
    peers: { ...root.peerDependencies, ...ZOD },
  },
];

const COMMENTS = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm;
const IMPORTS = /\b(?:from|import)\s*\(?\s*['"]([^'"\n]+)['"]/g;

const importsOf = (file) =>
  [
    ...readFileSync(join(ROOT, 'dist', file), 'utf8')
      .replace(COMMENTS, '')
      .matchAll(IMPORTS),
  ].map(([, to]) => to);

/** `@scope/name` or `name` of an import such as `@noble/hashes/sha2.js`. */
const packageOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** The files that an entry reaches, and the packages that these import. */
export function closureOf(entry) {
  const files = new Set();
  const packages = new Set();
  const waiting = [`${entry}.js`, `${entry}.d.ts`];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    files.add(file);
    const declarations = file.endsWith('.d.ts');
    for (const to of importsOf(file)) {
      if (to.startsWith('.')) {
        const path = posix.join(posix.dirname(file), to).replace(/\.[jt]s$/, '');
        waiting.push(`${path}${declarations ? '.d.ts' : '.js'}`);
      } else if (!to.startsWith('node:')) packages.add(packageOf(to));
    }
  }
  return { files: [...files].sort(), packages: [...packages].sort() };
}

function manifestOf({ name, description, entry, dependencies, peers }, packages) {
  const { version, license, author, repository, homepage, bugs, publishConfig, type, engines, keywords } = root;
  const unknown = packages.filter((used) => !(used in dependencies || used in peers));
  if (unknown.length > 0) throw new Error(`${name} may not depend on ${unknown.join(', ')}: see PACKAGES`);
  const used = (ranges) => Object.fromEntries(Object.entries(ranges).filter(([other]) => packages.includes(other)));
  return {
    name,
    version,
    description,
    keywords,
    license,
    author,
    repository,
    homepage,
    bugs,
    publishConfig,
    type,
    engines,
    exports: {
      '.': { types: `./dist/${entry}.d.ts`, default: `./dist/${entry}.js` },
      './package.json': './package.json',
    },
    files: ['dist'],
    sideEffects: false,
    dependencies: used(dependencies),
    peerDependencies: used(peers),
  };
}

const npm = (args, cwd) => execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

function copyFile(path, from, to) {
  mkdirSync(dirname(join(to, path)), { recursive: true });
  cpSync(join(from, path), join(to, path));
}

function pack(folder) {
  const options = ['--json', '--ignore-scripts', '--pack-destination', TARBALLS];
  const [{ filename, entryCount, size, unpackedSize }] = JSON.parse(npm(['pack', ...options], folder));
  const kilobytes = (bytes) => `${Math.ceil(bytes / 1_000)} kB`;
  console.log(
    `${relative('', join(TARBALLS, filename))}  ${entryCount} files, ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`,
  );
}

for (const old of existsSync(TARBALLS) ? readdirSync(TARBALLS) : [])
  if (/^letsping-temporal.*\.tgz$/.test(old)) rmSync(join(TARBALLS, old));
mkdirSync(TARBALLS, { recursive: true });
/** Calls `work` with an empty folder that is deleted afterwards. */
function inStage(work) {
  const stage = mkdtempSync(join(tmpdir(), 'letsping-pack-'));
  try {
    work(stage);
  } finally {
    rmSync(stage, { recursive: true });
  }
}

/** The whole package, as `files` of package.json lists it. Its users need no scripts: npm would warn about `prepare`. */
inStage((stage) => {
  const { scripts: _scripts, devDependencies: _devDependencies, ...manifest } = root;
  const { files } = JSON.parse(npm(['pack', '--dry-run', '--json', '--ignore-scripts'], ROOT))[0];
  for (const { path } of files) copyFile(path, ROOT, stage);
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  pack(stage);
});

for (const small of PACKAGES)
  inStage((stage) => {
    const { files, packages } = closureOf(small.entry);
    for (const file of files) copyFile(join('dist', file), ROOT, stage);
    copyFile('LICENSE', ROOT, stage);
    copyFile('README.md', join(ROOT, 'packages', small.folder), stage);
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifestOf(small, packages), null, 2)}\n`);
    pack(stage);
  });
