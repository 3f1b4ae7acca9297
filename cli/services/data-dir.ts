import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { takePidFile } from './pid-file.ts';
import { ServiceFailed } from './service-failed.ts';

/**
 * Creates the folder of one local system (databases, logs, keys) if it is missing: for its owner alone, and kept out of
 * version control. Returns its real path.
 */
export function openDataDir(env: NodeJS.ProcessEnv): string {
  const dir = resolve(env['LETSPING_DATA_DIR'] || '.letsping');
  try {
    mkdirSync(join(dir, 'logs'), { recursive: true, mode: 0o700 });
    chmodSync(dir, 0o700);
    const ignore = join(dir, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  } catch (error) {
    throw new ServiceFailed(
      'data_dir_unusable',
      `the data folder ${dir} cannot be used: ${(error as Error).message}`,
      'set LETSPING_DATA_DIR',
      { cause: error },
    );
  }
  return realpathSync(dir);
}

/** Keeps a second system off the folder until released, or until this process ends, even by SIGKILL. */
export function lockDataDir(dataDir: string): { release(): void } {
  const taken = takePidFile(join(dataDir, 'lock'));
  if (!('heldBy' in taken)) return taken;
  throw new ServiceFailed(
    'data_dir_in_use',
    `another letsping (process ${taken.heldBy.pid}) is running on ${dataDir}`,
    'stop that process, or set LETSPING_DATA_DIR to another folder',
  );
}

/** Reads a JSON file; undefined if it does not exist. */
export function readJson<T>(file: string): T | undefined {
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** Replaces the file in one rename, for its owner alone: a killed process leaves the old content or the new one. */
export function writeJson(file: string, value: unknown): void {
  const next = `${file}.${process.pid}.tmp`;
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, file);
}

/** The ports that this folder's services last had. They are used again, so that bookmarks and scripts stay valid. */
export interface Ports {
  postgres?: number;
  temporal?: number;
  temporal_ui?: number;
  api?: number;
}

export const rememberedPorts = (dataDir: string): Ports => readJson<Ports>(join(dataDir, 'ports.json')) ?? {};

export const rememberPorts = (dataDir: string, ports: Ports): void =>
  writeJson(join(dataDir, 'ports.json'), { ...rememberedPorts(dataDir), ...ports });
