import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAlive, ownStamp, type ProcessStamp } from './process-identity.ts';

const parse = (text: string): ProcessStamp | undefined => {
  try {
    return JSON.parse(text) as ProcessStamp;
  } catch {
    return undefined;
  }
};

const read = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * Creates the pid file for this process, or returns the living process that holds it. The file of a dead process is
 * replaced. It is created by a hard link, which exactly one process can make.
 */
export function takePidFile(file: string): { release(): void } | { heldBy: ProcessStamp } {
  const stamp = ownStamp();
  const mine = `${file}.${stamp.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(mine, JSON.stringify(stamp), { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(mine, file);
        return { release: () => read(file) === JSON.stringify(stamp) && rmSync(file, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const found = read(file);
      if (found === undefined) continue;
      const holder = parse(found);
      if (holder && isAlive(holder)) return { heldBy: holder };
      removeDead(file, found);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes the file of a dead process. If another process has replaced it since it was read, that file is put back. */
function removeDead(file: string, expected: string) {
  const aside = `${file}.aside.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  try {
    if (read(aside) !== expected) linkSync(aside, file);
  } catch {
    // A third process has created the file in the meantime, and keeps it.
  } finally {
    rmSync(aside, { force: true });
  }
}
