/**
 * The last step of `npm run build`: the command line, with `api`, `worker` and `dev`, is bundled into a few files in `dist/programs/`. To find,
 * read and compile 400 files took a quarter of the time until a process was ready. `dist/cli/main.js` and the thread for large bodies then only import their bundle: there is one way
 * to run a program, for users and tests.
 *
 * Only our files are bundled. Packages stay outside: they keep their licences, `npm audit` and overrides act on what runs, and a team
 * chooses its release of Temporal's SDK.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, posix, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { linesOnly } from './line-maps.mjs';
import { withRequires } from './required-packages.mjs';

const DIST = resolve(import.meta.dirname, '../dist');
const OUT = join(DIST, 'programs');
const ENTRIES = ['cli/main', 'api/large-body/thread'];

/** Files and threads are found from the place of the module that names them, which is the same in the bundle. */
const keepPlaces = {
  name: 'keep-places',
  transform: {
    filter: { code: 'import.meta.url' },
    handler(code, id) {
      const place = `new URL(${JSON.stringify(`../${relative(DIST, id)}`)}, import.meta.url).href`;
      return { code: code.replaceAll(/\bimport\.meta\.url\b/g, place), map: null };
    },
  },
};

const nameOf = (id) => relative(DIST, id).replace(/\.js$/, '').replaceAll('/', '-');

const bundle = await rolldown({
  input: Object.fromEntries(ENTRIES.map((entry) => [nameOf(join(DIST, `${entry}.js`)), join(DIST, `${entry}.js`)])),
  platform: 'node',
  external(id) {
    if (id.startsWith('@oxc-project/'))
      throw new Error(`the bundler would insert ${id}, which nothing installs: write what needs it in another way`);
    return !id.startsWith('.') && !isAbsolute(id) && !id.startsWith('\0');
  },
  plugins: [keepPlaces],
  tsconfig: false,
  preserveEntrySignatures: false,
  treeshake: { moduleSideEffects: true },
  onLog(level, log) {
    if (level === 'warn') throw new Error(log.message);
  },
});
await bundle.write({
  dir: OUT,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: ({ facadeModuleId, name }) => `${facadeModuleId ? nameOf(facadeModuleId) : name}.js`,
  codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: 'demo', test: /\/dist\/cli\/demo\// }] },
  sourcemap: 'hidden',
  keepNames: true,
});
await bundle.close();

for (const name of readdirSync(OUT)) {
  const text = readFileSync(join(OUT, name), 'utf8');
  if (!name.endsWith('.map')) writeFileSync(join(OUT, name), withRequires(text));
  else {
    const { version, file, sources, mappings } = JSON.parse(text);
    writeFileSync(
      join(OUT, name),
      JSON.stringify({ version, file, sources, names: [], mappings: linesOnly(mappings) }),
    );
  }
}

/** The names of lines of a bundle are those of its files (runtime/bundled-frames.ts). */
for (const entry of ENTRIES) {
  const file = join(DIST, `${entry}.js`);
  const [first] = readFileSync(file, 'utf8').split('\n');
  const up = posix.relative(posix.dirname(entry), '.') || '.';
  writeFileSync(
    file,
    `${first.startsWith('#!') ? `${first}\n` : ''}import '${up}/runtime/bundled-frames.js';\nimport '${up}/programs/${nameOf(file)}.js';\n`,
  );
}
