import {
  CLIMBS_TO,
  DEVICE,
  HISTORY_FILE,
  ROOT_FOLDER,
  SCRATCH_FOLDER,
  SECRET_FILE,
  SECRET_FOLDER,
  SECRET_SYSTEM_FILE,
  STARTUP_FILE,
  STARTUP_FOLDER,
  SYSTEM_FOLDER,
} from './patterns.ts';

const tidy = (path: string): string => path.replace(/\/{2,}/g, '/').replace(/(?:\/\.)+(?=\/|$)/g, '') || '/';

/** An absolute path with `..` resolved. */
function folded(path: string): string {
  const plain = tidy(path);
  if (!plain.startsWith('/') || !plain.includes('..')) return plain;
  const out: string[] = [];
  for (const part of plain.split('/')) {
    if (part === '..') out.pop();
    else if (part !== '') out.push(part);
  }
  return `/${out.join('/')}`;
}

export const isSystemPath = (path: string): boolean => {
  const plain = folded(path);
  return SYSTEM_FOLDER.test(plain) && !SCRATCH_FOLDER.test(plain);
};
/** The root, a home folder, the whole current folder, or a system folder. */
export const isRootPath = (path: string): boolean =>
  ROOT_FOLDER.test(tidy(path)) ||
  ROOT_FOLDER.test(folded(path)) ||
  (/^\/[a-z0-9]+\/?\*?$/i.test(folded(path)) && SYSTEM_FOLDER.test(folded(path)));

/** A relative path that leads out of its folder to a system folder or a home. */
export const climbsOut = (path: string): boolean =>
  /(?:\.\.[\\/;]+){3}/.test(path) ||
  /(?<!\.)\.{3,}[\\/]{2,}/.test(path) ||
  /(?:%2e|\.){2}(?:%2f|%5c)/i.test(path) ||
  // No system opens such a long path, and the cost of the patterns below grows faster than its length.
  (path.length > MAX_PATH ? /\.\.[\\/]/.test(path) : CLIMBS_TO.test(path));

const MAX_PATH = 1_024;

/** Files with credentials or accounts. */
export const isSecretPath = (path: string): boolean =>
  !/\.(?:example|sample|template|dist|defaults?)$/i.test(path) &&
  (SECRET_FILE.test(
    // The pattern applies to the last part.
    path.slice(-MAX_PATH),
  ) ||
    SECRET_FOLDER.test(path) ||
    /^\/etc\/(?:ssh|ssl\/private|security|pam\.d)(?:\/|$)/.test(path) ||
    SECRET_SYSTEM_FILE.test(path));

/** Files that run at the next login, boot or scheduled time. */
export const isStartupPath = (path: string): boolean => STARTUP_FILE.test(path) || STARTUP_FOLDER.test(path);

/** History files of shells and database clients. */
export const isHistoryPath = (path: string): boolean => HISTORY_FILE.test(path);

export const isDevice = (path: string): boolean => DEVICE.test(path);
