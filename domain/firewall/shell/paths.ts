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

/** A path with its `..` folded in, as far as it starts at the root. */
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
/** The root, a home, the folder at hand as a whole, or a folder of the system. */
export const isRootPath = (path: string): boolean =>
  ROOT_FOLDER.test(tidy(path)) ||
  ROOT_FOLDER.test(folded(path)) ||
  (/^\/[a-z0-9]+\/?\*?$/i.test(folded(path)) && SYSTEM_FOLDER.test(folded(path)));

/** A path that climbs out of where it starts, towards a folder of the system or a home. */
export const climbsOut = (path: string): boolean =>
  /(?:\.\.[\\/;]+){3}/.test(path) ||
  /\.{3,}[\\/]{2,}/.test(path) ||
  /(?:%2e|\.){2}(?:%2f|%5c)/i.test(path) ||
  // No system opens a path so long; the patterns below cost more than its length.
  (path.length > MAX_PATH ? /\.\.[\\/]/.test(path) : CLIMBS_TO.test(path));

const MAX_PATH = 1_024;

/** Files that open accounts, or say who has them. */
export const isSecretPath = (path: string): boolean =>
  !/\.(?:example|sample|template|dist|defaults?)$/i.test(path) &&
  (SECRET_FILE.test(
    // The last part of it is what the pattern is about.
    path.slice(-MAX_PATH),
  ) ||
    SECRET_FOLDER.test(path) ||
    /^\/etc\/(?:ssh|ssl\/private|security|pam\.d)(?:\/|$)/.test(path) ||
    SECRET_SYSTEM_FILE.test(path));

/** Files whose text is run at the next login, boot or tick of the clock. */
export const isStartupPath = (path: string): boolean => STARTUP_FILE.test(path) || STARTUP_FOLDER.test(path);

/** What a shell or a database client has been asked before. */
export const isHistoryPath = (path: string): boolean => HISTORY_FILE.test(path);

export const isDevice = (path: string): boolean => DEVICE.test(path);
