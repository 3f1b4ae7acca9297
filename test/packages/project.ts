import { existsSync } from 'node:fs';
import { cp, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manager } from './cell.ts';
import { environment, INSTALL, type Lab, type PackageName } from './lab.ts';

/** What the consumers import beside a package: with pnpm a project has no package that it does not name. */
export const COMPANIONS: Record<PackageName, string[]> = {
  'letsping-temporal': [
    '@langchain/core',
    '@langchain/langgraph',
    '@langchain/langgraph-checkpoint',
    '@temporalio/client',
  ],
  'letsping-temporal-client': [],
  'letsping-temporal-langgraph': ['@langchain/langgraph'],
};

/** Programs in `consumers/` that use a package's exports. */
export const CONSUMERS: Record<PackageName, string[]> = {
  'letsping-temporal': [
    'client',
    'contracts',
    'firewall',
    'langgraph',
    'langgraph-commonjs',
    'receipts',
    'storage',
    'workflow',
    'approval',
    'thread',
  ],
  'letsping-temporal-client': ['client', 'approval', 'approval-in-node', 'approval-in-edge'],
  'letsping-temporal-langgraph': ['langgraph', 'langgraph-commonjs'],
};

export interface Project {
  folder: string;
  /** Output of the package manager. */
  installed: string;
}

export interface ProjectOptions {
  name: string;
  manager?: Manager;
  /** Specifiers beside the tarballs. */
  packages?: string[];
  flags?: string[];
  env?: NodeJS.ProcessEnv;
}

/** A new empty project with these tarballs and packages. @throws Error if the package manager fails. */
export async function createProject(
  lab: Lab,
  tarballs: readonly PackageName[],
  { name, manager = 'npm', packages = [], flags = [], env = environment() }: ProjectOptions,
): Promise<Project> {
  const folder = await lab.newFolder(name);
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}\n');
  const files = await Promise.all(tarballs.map((tarball) => lab.tarball(tarball)));
  lab.say(`${manager}: installing ${[...tarballs, ...packages].join(' ')}`);
  return { folder, installed: await INSTALL[manager](folder, [...flags, ...files, ...packages], env) };
}

/** A project with everything that a package's consumers use, made once. */
export const consumerProject = (lab: Lab, name: PackageName, manager: Manager = 'npm'): Promise<Project> =>
  lab.shared(`project ${name} ${manager}`, () =>
    createProject(lab, [name], {
      name: `${name}-${manager}`,
      manager,
      packages: [...COMPANIONS[name], '@types/node@20'],
    }),
  );

/** Copies a consumer into a folder; a small package takes the place of the whole one's export. */
export async function copyConsumer(consumer: string, name: PackageName, folder: string): Promise<void> {
  let text = await readFile(join(import.meta.dirname, 'consumers', `${consumer}.ts`), 'utf8');
  if (name !== 'letsping-temporal')
    text = text
      .replaceAll("'letsping-temporal/langgraph'", "'letsping-temporal-langgraph'")
      .replaceAll("'letsping-temporal'", "'letsping-temporal-client'");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${consumer}.ts`), text);
}

export const copyProgram = (program: string, folder: string): Promise<void> =>
  cp(join(import.meta.dirname, 'programs', program), join(folder, program));

export interface Installed {
  name: string;
  version: string;
  folder: string;
}

/** Every copy of every package below a folder's node_modules, in the layouts of npm and pnpm. */
export async function installedPackages(folder: string): Promise<Installed[]> {
  const found: Installed[] = [];
  const walk = async (modules: string): Promise<void> => {
    if (!existsSync(modules)) return;
    for (const entry of await readdir(modules, { withFileTypes: true })) {
      const path = join(modules, entry.name);
      if (!entry.isDirectory()) continue; // a link of pnpm, or a file
      if (entry.name === '.pnpm') for (const one of await readdir(path)) await walk(join(path, one, 'node_modules'));
      else if (entry.name.startsWith('@')) await walk(path);
      else if (existsSync(join(path, 'package.json'))) {
        const { name, version } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
        found.push({ name, version, folder: path });
        await walk(join(path, 'node_modules'));
      }
    }
  };
  await walk(join(folder, 'node_modules'));
  return found;
}

/** All files below a folder, links excluded. */
export async function filesBelow(folder: string): Promise<{ path: string; bytes: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (path) => ({ path, bytes: (await lstat(path)).size })));
}

export const megabytes = (files: readonly { bytes: number }[]): string => {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${(total / 1e6).toFixed(total < 10e6 ? 1 : 0)} MB`;
};
