import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../helpers/repository-files.ts';
import { type Project, runProgram } from './project.ts';
import type { Block } from './read.ts';

const SURROUNDINGS = join(import.meta.dirname, 'surroundings');

/** As strict as a reader's compiler can be, for one of our declarations or a snippet. */
const COMPILER = {
  target: 'es2023',
  lib: ['es2023', 'dom', 'dom.iterable'],
  module: 'nodenext',
  rootDir: '.',
  outDir: 'out',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitReturns: true,
  skipLibCheck: true,
  allowJs: true,
};

/** The names that each file of `surroundings/` exports. */
const exported: [file: string, names: Set<string>][] = readdirSync(SURROUNDINGS).map((file) => {
  const text = readFileSync(join(SURROUNDINGS, file), 'utf8');
  return [file, new Set([...text.matchAll(/^export (?:async )?\w+ (\w+)/gm)].map(([, name]) => name!))];
});

export const isTypeScript = ({ language }: Block): boolean =>
  /^(?:ts|typescript|tsx|js|javascript|mjs)$/.test(language);

const nameOf = ({ document, line }: Block): string => `${document.replace(/\W+/g, '-')}-${line}`;

/** The names that a snippet uses and does not show: one import in front of it. */
function surroundingsOf({ document, line, directives }: Block): string {
  const names = (directives['with'] ?? '').split(/,\s*/).filter((name) => name !== '');
  // `payload` of the file with most of the names, if several have one.
  const share = ([, has]: (typeof exported)[number]) => names.filter((name) => has.has(name)).length;
  const files = exported.toSorted((a, b) => share(b) - share(a));
  return names
    .map((name) => {
      const [file] = files.find(([, has]) => has.has(name)) ?? [];
      if (!file) throw new Error(`${document}:${line}: nothing in test/documents/surroundings exports ${name}`);
      return `import { ${name} } from '../surroundings/${file.replace(/\.ts$/, '.js')}';`;
    })
    .join(' ');
}

/** JavaScript is not type-checked. */
const extensionOf = ({ language }: Block): string => (/^(?:ts|typescript|tsx)$/.test(language) ? 'ts' : 'js');

/** Type-checks and compiles all snippets at once. Returns what the compiler says, by block. */
export async function compile(project: Project, blocks: Block[], text: (block: Block) => string) {
  mkdirSync(join(project.folder, 'snippets'));
  for (const block of blocks) {
    // The snippet begins on the second line; `export {}` makes a module of one without an import.
    const source = `${surroundingsOf(block)}\n${text(block)}export {};\n`;
    writeFileSync(join(project.folder, 'snippets', `${nameOf(block)}.${extensionOf(block)}`), source);
  }
  const settings = { compilerOptions: COMPILER, include: ['snippets', 'surroundings'] };
  writeFileSync(join(project.folder, 'tsconfig.json'), JSON.stringify(settings));
  const tsc = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
  const { stdout } = await runProgram(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
    cwd: project.folder,
    env: project.agent,
  });
  return (block: Block): string[] =>
    stdout
      .split('\n')
      .filter((line) => line.startsWith(`snippets/${nameOf(block)}.`) || /^(?:surroundings|error)/.test(line))
      .map((line) =>
        line.replace(
          /^snippets\/\S+?\((\d+),/,
          (_, at: string) => `${block.document}:${block.line + Number(at) - 1} (`,
        ),
      );
}

export const runTypeScript = (project: Project, block: Block) =>
  runProgram(process.execPath, [join('out', 'snippets', `${nameOf(block)}.js`)], {
    cwd: project.folder,
    env: project.agent,
  });
