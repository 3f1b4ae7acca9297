import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';

const ROTATE_BYTES = 20 * 1024 * 1024;

/** Opens a service's log for appending. A log of more than 20 MB is first renamed to `<file>.1`. */
export function openLog(file: string): { fd: number; offset: number } {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > ROTATE_BYTES) renameSync(file, `${file}.1`);
  const fd = openSync(file, 'a', 0o600);
  return { fd, offset: fstatSync(fd).size };
}

/** The text from `offset` on, at most its last `maxBytes`. */
export function readLog(file: string, offset: number, maxBytes = 256 * 1024): string {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(offset, size - maxBytes);
    const buffer = Buffer.allocUnsafe(Math.max(0, size - from));
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, from));
  } finally {
    closeSync(fd);
  }
}

export const lastLines = (text: string, count: number) => text.trimEnd().split('\n').slice(-count).join('\n');
