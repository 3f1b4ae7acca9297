import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PublishedPython {
  command: string;
  /** PYTHONPATH of the package; empty if the interpreter finds it itself. */
  path: string;
}

const VERSION_OF = 'import importlib.metadata as m, letsping; print(m.version("letsping"))';

const has = (command: string, path: string, version: string): boolean => {
  const env = { PATH: process.env['PATH'], ...(path && { PYTHONPATH: path }) };
  const { status, stdout } = spawnSync(command, ['-c', VERSION_OF], { env, encoding: 'utf8', timeout: 30_000 });
  return status === 0 && stdout.trim() === version;
};

/**
 * A Python with this version of the published client: `LETSPING_PYTHON` (an interpreter), else `python3`. The package is
 * installed, or pip installs it once into a folder of the temp directory. Undefined if there is none.
 */
export function publishedPython(version: string): PublishedPython | undefined {
  const command = process.env['LETSPING_PYTHON'] || 'python3';
  if (has(command, '', version)) return { command, path: '' };
  const path = join(tmpdir(), `letsping-python-${version}`);
  if (existsSync(path) && has(command, path, version)) return { command, path };
  const fresh = `${path}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--target',
    fresh,
    `letsping==${version}`,
  ];
  const { status } = spawnSync(command, pip, { stdio: 'ignore', timeout: 110_000 });
  if (status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    return undefined;
  }
  rmSync(path, { recursive: true, force: true });
  renameSync(fresh, path);
  return has(command, path, version) ? { command, path } : undefined;
}
