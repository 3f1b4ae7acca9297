import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { REPOSITORY } from '../helpers/repository-files.ts';
import type { Manager } from './cell.ts';
import { mustRun } from './run-program.ts';

export const PACKAGES = ['letsping-temporal', 'letsping-temporal-client', 'letsping-temporal-langgraph'] as const;
export type PackageName = (typeof PACKAGES)[number];

const MANIFEST = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
  version: string;
  engines: { node: string };
};
/** The oldest Node that the packages admit. */
const OLDEST_NODE = MANIFEST.engines.node.replace('>=', '');
/** Of the oldest major version the oldest Node, of the others the newest. */
const nodeVersion = (major: string) => (OLDEST_NODE.startsWith(`${major}.`) ? OLDEST_NODE : major);

/** What the cells share: a temporary folder, the tarballs, and tools that are installed once. */
export interface Lab {
  folder: string;
  say(line: string): void;
  /** Path of a package's tarball. All are packed once per run. */
  tarball(name: PackageName): Promise<string>;
  /** Path of a Node of this major version, from the npm package `node`; of the oldest major version, the oldest that we support. */
  node(major: string): Promise<string>;
  /** Path of a TypeScript compiler. */
  tsc(version: string): Promise<string>;
  /** The value of `make`, which runs once per key. */
  shared<T>(key: string, make: () => Promise<T>): Promise<T>;
  /** A new empty folder. */
  newFolder(name: string): Promise<string>;
  /** Runs at the end, the last one first. */
  atEnd(clean: () => Promise<unknown>): void;
  end(keep: boolean): Promise<void>;
}

/**
 * The environment of an installed program: this one's, without our own settings and what `npm run` adds, with this Node first.
 * `npm run --silent` would also silence the warnings of an install.
 */
export function environment(nodeBinary: string = process.execPath): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) =>
      !/^(?:npm_(?!config_)|npm_config_loglevel$|INIT_CWD$|NODE_OPTIONS$|LETSPING_|TEMPORAL_|DATABASE_URL|VITEST)/.test(
        name,
      ),
  );
  return { ...Object.fromEntries(own), PATH: [dirname(nodeBinary), process.env['PATH']].join(delimiter) };
}

/** Writes an npm project and installs the given packages into it. Uses the cache first, then the configured registry. */
export async function npmInstall(folder: string, packages: readonly string[], env = environment()): Promise<string> {
  const flags = ['--no-audit', '--no-fund', '--prefer-offline'];
  return (await mustRun('npm', ['install', ...flags, ...packages], { cwd: folder, env })).output;
}

const PNPM = join(REPOSITORY, 'node_modules/pnpm/bin/pnpm.cjs');

/** Without hoisting: a package gets only what it depends on, so that one that it uses without naming it is missing. */
async function pnpmInstall(folder: string, packages: readonly string[], env = environment()): Promise<string> {
  await writeFile(join(folder, '.npmrc'), 'hoist=false\n');
  const flags = ['--prefer-offline', '--strict-peer-dependencies'];
  return (await mustRun('node', [PNPM, 'add', ...flags, ...packages], { cwd: folder, env })).output;
}

export const INSTALL: Record<Manager, typeof npmInstall> = { npm: npmInstall, pnpm: pnpmInstall };

export async function createLab(say: (line: string) => void): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'letsping-packages-'));
  // PostgreSQL does not run as root; the user that it runs as must be able to enter its folder.
  await chmod(folder, 0o755);
  const cleanups: (() => Promise<unknown>)[] = [];
  const once = new Map<string, Promise<unknown>>();
  const shared = <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const made = once.get(key) ?? make();
    once.set(key, made);
    return made as Promise<T>;
  };
  const newFolder = async (name: string) => {
    for (let n = 1; ; n++) {
      const path = join(folder, n === 1 ? name : `${name}-${n}`);
      if (existsSync(path)) continue;
      await mkdir(path, { recursive: true });
      return path;
    }
  };
  const tool = (name: string, wanted: string, file: string) =>
    shared(name, async () => {
      const home = await newFolder(`tool-${name}`);
      await writeFile(join(home, 'package.json'), '{"private":true}\n');
      say(`installing ${wanted}`);
      await npmInstall(home, [wanted]);
      return join(home, 'node_modules', file);
    });
  return {
    folder,
    say,
    shared,
    newFolder,
    tarball: async (name) => {
      const packed = await shared('tarballs', async () => {
        say('npm run pack:all');
        return packInto(await newFolder('tarballs'));
      });
      return join(packed, `${name}-${MANIFEST.version}.tgz`);
    },
    node: (major) => tool(`node-${major}`, `node@${nodeVersion(major)}`, 'node/bin/node'),
    tsc: (version) =>
      version === '7'
        ? Promise.resolve(join(REPOSITORY, 'node_modules/typescript/bin/tsc'))
        : tool(`typescript-${version}`, `typescript@${version}`, 'typescript/bin/tsc'),
    atEnd: (clean) => void cleanups.unshift(clean),
    end: async (keep) => {
      for (const clean of cleanups) await clean();
      if (keep) say(`kept: ${folder}`);
      else await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Builds and packs, as `npm run pack:all` does, but into this run's folder. */
export async function packInto(folder: string): Promise<string> {
  await mustRun('npm', ['run', '--silent', 'pack:all', '--', folder], { cwd: REPOSITORY, env: environment() });
  return folder;
}
