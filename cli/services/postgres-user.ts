import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { dirname } from 'node:path';
import { ServiceFailed } from './service-failed.ts';

export interface SystemUser {
  uid: number;
  gid: number;
}

/** `id` prints `uid=113(postgres) gid=120(postgres) …`. */
function lookUp(): SystemUser | undefined {
  try {
    const said = execFileSync('id', ['postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [, uid, gid] = /^uid=(\d+)\S* gid=(\d+)/.exec(said) ?? [];
    return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}

/**
 * The user that PostgreSQL runs as; undefined for the current one. PostgreSQL refuses to run as root, so root runs it as
 * the system user `postgres`, which is added if it is missing.
 */
export function postgresUser(progress: (line: string) => void): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const found = lookUp();
  if (found) return found;
  progress('Adding the system user postgres: PostgreSQL does not run as root');
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'], {
    stdio: 'ignore',
  });
  const added = lookUp();
  if (added) return added;
  throw new ServiceFailed(
    'postgres_user_missing',
    'PostgreSQL does not run as root, and the system user postgres cannot be added',
    'run as another user, or set DATABASE_URL',
  );
}

const canEnter = (dir: string, user: SystemUser) =>
  spawnSync('ls', ['-d', `${dir}/.`], { ...user, cwd: '/', stdio: 'ignore' }).status === 0;

/**
 * Checks that the user can enter the folder.
 * @throws ServiceFailed `folder_closed`, with the outermost folder that the user cannot enter.
 */
export function assertEnterable(dir: string, user: SystemUser, hint: string): void {
  if (canEnter(dir, user)) return;
  let closed = dir;
  while (dirname(closed) !== closed && !canEnter(dirname(closed), user)) closed = dirname(closed);
  throw new ServiceFailed(
    'folder_closed',
    `as root, PostgreSQL runs as the system user postgres, and that user may not enter ${closed}`,
    hint,
  );
}

/** Makes the user the owner of the data folder. Its mode stays 0700; root can still read it. */
export function giveTo(dataDir: string, user: SystemUser): void {
  chownSync(dataDir, user.uid, user.gid);
  assertEnterable(
    dataDir,
    user,
    'set LETSPING_DATA_DIR to a folder that others may enter, such as /var/lib/letsping, or set DATABASE_URL',
  );
}
