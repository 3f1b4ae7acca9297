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
 * Takes the file for this process, or tells which living process has it. A claim dies with its process: one left by
 * a killed process is taken over. Taking is a hard link, which exactly one process can make.
 */
export function claim(file: string): { release(): void } | { heldBy: ProcessStamp } {
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
      putAside(file, found);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Removes a dead claim. Another process may have replaced it since it was read: then that one goes back. */
function putAside(file: string, expected: string) {
  const aside = `${file}.aside.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  try {
    if (read(aside) !== expected) linkSync(aside, file);
  } catch {
    // A third process has taken it meanwhile, and its claim stands.
  } finally {
    rmSync(aside, { force: true });
  }
}
