import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import vitestConfig from '../../vitest.config.ts';
import { REPOSITORY } from '../helpers/repository-files.ts';
import { type Ran, runProgram } from './project.ts';

const UNKNOWN = '--not-an-option';
const here: { cwd: string; env: NodeJS.ProcessEnv } = { cwd: REPOSITORY, env: { PATH: process.env['PATH'] } };

/**
 * Whether a program of the build accepts these arguments, without starting anything: its parser reads them in order, so it
 * must refuse the unknown option at the end, and nothing before it. Returns what it says otherwise.
 */
export async function refusedByParser(script: string, args: string[]): Promise<string | undefined> {
  const { code, stderr } = await runProgram(process.execPath, [join(REPOSITORY, script), ...args, UNKNOWN], here);
  const [first = ''] = stderr.split('\n');
  const isLast = [
    first.includes(`'${UNKNOWN}'`),
    args.length <= 1 && first.endsWith('takes no arguments'),
    // An option that is named without its value.
    new RegExp(`option '${args.at(-1)}\\b`, 'i').test(first) && first.includes('argument is ambiguous'),
  ];
  return code === 2 && isLast.includes(true) ? undefined : `exit code ${code}: ${first}`;
}

/** What a program that is not ours says about itself; undefined where it is not installed. */
export async function helpOf(program: string, args: string[], env = here.env): Promise<Ran | undefined> {
  try {
    return await runProgram(program, args, { ...here, env });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Options that the help does not name. */
export const unknownOptions = (args: string[], help: string): string[] =>
  args
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.split('=')[0]!)
    .filter((option) => !new RegExp(`(?<![\\w-])${option}(?![\\w-])`).test(help));

export const LANES: string[] = (vitestConfig.test!.projects as { test: { name: string } }[]).map(
  ({ test }) => test.name,
);

/** Whether a path, from the root, is a test file or a folder with test files. */
export function hasTests(path: string): boolean {
  const absolute = join(REPOSITORY, path);
  if (!existsSync(absolute)) return false;
  if (!statSync(absolute).isDirectory()) return path.endsWith('.test.ts');
  return readdirSync(absolute, { recursive: true }).some((file) => String(file).endsWith('.test.ts'));
}

export const SERVICES: string[] = Object.keys(
  (parse(readFileSync(join(REPOSITORY, 'docker-compose.yml'), 'utf8'), { merge: true }) as { services: object })
    .services,
);

interface Manifest {
  name: string;
  version: string;
  scripts: Record<string, string | undefined>;
}
export const PACKAGE = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as Manifest;

export const folders = (path: string): string[] =>
  readdirSync(join(REPOSITORY, path), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
