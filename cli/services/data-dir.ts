import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandFailed } from '../command.ts';
import { claim } from './claim.ts';

/**
 * The folder that holds everything of one local system: databases, logs, keys. Made if it is missing, for its owner
 * alone, and kept out of version control. Answers its real path.
 */
export function openDataDir(env: NodeJS.ProcessEnv): string {
  const dir = resolve(env['LETSPING_DATA_DIR'] || '.letsping');
  try {
    mkdirSync(join(dir, 'logs'), { recursive: true, mode: 0o700 });
    chmodSync(dir, 0o700);
    const ignore = join(dir, '.gitignore');
    if (!existsSync(ignore)) writeFileSync(ignore, '*\n');
  } catch (error) {
    throw new CommandFailed(
      'data_dir_unusable',
      `the data folder ${dir} cannot be used: ${(error as Error).message}`,
      'set LETSPING_DATA_DIR',
      { cause: error },
    );
  }
  return realpathSync(dir);
}

/** Keeps a second system off the folder until released, or until this process ends, however it ends. */
export function lockDataDir(dataDir: string): { release(): void } {
  const taken = claim(join(dataDir, 'lock'));
  if (!('heldBy' in taken)) return taken;
  throw new CommandFailed(
    'data_dir_in_use',
    `another letsping (process ${taken.heldBy.pid}) is running on ${dataDir}`,
    'stop that one, or set LETSPING_DATA_DIR to another folder',
  );
}

/** A JSON file that only its owner reads; undefined when there is none. */
export function readJson<T>(file: string): T | undefined {
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** Replaces the file as a whole, so that a killed process leaves the old one or the new one. */
export function writeJson(file: string, value: unknown): void {
  const next = `${file}.${process.pid}.tmp`;
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, file);
}

/** Ports this folder's services had last time: a bookmark or a script then finds them again. */
export interface Ports {
  postgres?: number;
  temporal?: number;
  temporal_ui?: number;
  api?: number;
}

export const rememberedPorts = (dataDir: string): Ports => readJson<Ports>(join(dataDir, 'ports.json')) ?? {};

export const rememberPorts = (dataDir: string, ports: Ports): void =>
  writeJson(join(dataDir, 'ports.json'), { ...rememberedPorts(dataDir), ...ports });
