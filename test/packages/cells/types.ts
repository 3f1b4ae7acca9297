import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cell, type Manager, Problems } from '../cell.ts';
import { environment, PACKAGES, type PackageName } from '../lab.ts';
import { CONSUMERS, consumerProject, copyConsumer } from '../project.ts';
import { run } from '../run-program.ts';

interface Mode {
  name: string;
  type: 'module' | 'commonjs';
  options: Record<string, unknown>;
  /** Absent: every package. */
  only?: PackageName;
}

const NODE = { types: ['node'] };
export const MODES: Mode[] = [
  { name: 'nodenext ES module', type: 'module', options: { ...NODE, module: 'nodenext' } },
  { name: 'nodenext CommonJS', type: 'commonjs', options: { ...NODE, module: 'nodenext' } },
  { name: 'node16 ES module', type: 'module', options: { ...NODE, module: 'node16' } },
  { name: 'bundler', type: 'module', options: { ...NODE, module: 'preserve', moduleResolution: 'bundler' } },
  { name: 'without DOM', type: 'module', options: { ...NODE, module: 'nodenext', lib: ['es2023'] } },
  {
    name: 'DOM without Node',
    type: 'module',
    options: { types: [], module: 'preserve', moduleResolution: 'bundler', lib: ['es2023', 'dom'] },
    only: 'letsping-temporal-client',
  },
];
const STRICT = {
  target: 'es2022',
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
};

/** One line of the compiler; lines that explain it are indented. */
const ERROR = /^(?:(.+?)\((\d+),\d+\): )?error (TS\d+: .*)$/;

/** Errors in our declarations and in the consumers' files, and the number of errors in other packages. */
function sortErrors(output: string): { ours: string[]; others: number } {
  const errors = output.split('\n').flatMap((line) => {
    const [, file, at, message] = ERROR.exec(line.trimEnd()) ?? [];
    return message === undefined ? [] : [{ file, text: file === undefined ? message : `${file}:${at} ${message}` }];
  });
  const isOurs = (file: string | undefined) =>
    file === undefined ||
    !file.includes('node_modules/') ||
    /node_modules\/letsping-temporal[^/]*\/(?!node_modules\/)/.test(file);
  const ours = errors.filter(({ file }) => isOurs(file));
  return { ours: ours.map(({ text }) => text), others: errors.length - ours.length };
}

/** In CommonJS, LangGraph needs a consumer of its own; without the types of Node, the programs for Node are left out. */
const isFor = (mode: Mode, consumer: string): boolean => {
  if (mode.name === 'DOM without Node') return ['client', 'approval'].includes(consumer);
  if (consumer === 'approval-in-edge') return mode.options['lib'] === undefined;
  if (consumer === 'langgraph-commonjs') return mode.type === 'commonjs';
  return mode.type === 'module' || !['langgraph', 'thread'].includes(consumer);
};

/** Type-checks a package's consumers in a project that has it. */
export async function typeErrors(name: PackageName, project: string, tsc: string, mode: Mode) {
  const folder = join(project, `check-${mode.name.replaceAll(' ', '-')}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: mode.type }));
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...STRICT, ...mode.options }, include: ['*.ts'] }),
  );
  for (const consumer of CONSUMERS[name].filter((one) => isFor(mode, one))) await copyConsumer(consumer, name, folder);
  const { code, output } = await run(process.execPath, [tsc, '--project', folder, '--pretty', 'false'], {
    cwd: project,
    env: environment(),
  });
  const sorted = sortErrors(output);
  if (code !== 0 && sorted.ours.length + sorted.others === 0)
    throw new Error(`the compiler ended with ${code}:\n${output.slice(-2_000)}`);
  return sorted;
}

const typesCell = (name: PackageName, version: string, manager: Manager, modes: readonly Mode[]): Cell => ({
  name: `types ${name}`,
  manager,
  versions: `TypeScript ${version}`,
  async run(lab) {
    const [{ folder }, tsc] = await Promise.all([consumerProject(lab, name, manager), lab.tsc(version)]);
    const problems = new Problems();
    const others: number[] = [];
    for (const mode of modes) {
      lab.say(`type check of ${name}, ${mode.name}`);
      const found = await typeErrors(name, folder, tsc, mode);
      problems.add(...found.ours.map((text) => `${mode.name}: ${text}`));
      others.push(found.others);
    }
    problems.assertNone();
    return `${modes.map((mode) => mode.name).join(', ')}; errors in other packages: ${Math.max(...others)}`;
  },
});

export const TYPES: Cell[] = PACKAGES.flatMap((name) => {
  const modes = MODES.filter(({ only }) => only === undefined || only === name);
  return [
    typesCell(name, '5.9', 'npm', modes),
    typesCell(name, '7', 'npm', modes),
    // With pnpm, our declarations find only the packages that we depend on.
    typesCell(name, '7', 'pnpm', modes.slice(0, 1)),
  ];
});
