import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const ps = (args: string[]) => {
  try {
    return execFileSync('ps', args, {
      encoding: 'utf8',
      env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
};

const read = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/**
 * When the process with this pid started, as text to compare: pids are reused. Undefined if there is no such process,
 * or if it is a zombie.
 */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return ps(['-o', 'lstart=', '-p', String(pid)]) || undefined;
  const stat = read(`/proc/${pid}/stat`);
  // The command is in parentheses and may contain any character, so fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ticks] = [fields[0], fields[19]];
  if (!ticks || state === 'Z' || state === 'X') return undefined;
  return `${read('/proc/sys/kernel/random/boot_id').trim()}:${ticks}`;
}

/** Whether the command line or `LETSPING_DATA_DIR` of the process names this data folder. */
export function worksOn(pid: number, dataDir: string): boolean {
  if (process.platform !== 'linux') {
    const line = ps(['-wwE', '-o', 'command=', '-p', String(pid)]);
    return line.includes(`${dataDir}/`) || `${line} `.includes(`LETSPING_DATA_DIR=${dataDir} `);
  }
  const args = read(`/proc/${pid}/cmdline`).split('\0');
  if (args.some((arg) => arg.startsWith(`${dataDir}/`))) return true;
  return read(`/proc/${pid}/environ`).split('\0').includes(`LETSPING_DATA_DIR=${dataDir}`);
}

/** Identifies a process: the pid alone is reused. */
export interface ProcessStamp {
  pid: number;
  start_time: string;
}

export const isAlive = ({ pid, start_time }: ProcessStamp) => startTimeOf(pid) === start_time;

export const ownStamp = (): ProcessStamp => ({ pid: process.pid, start_time: startTimeOf(process.pid) ?? 'unknown' });
