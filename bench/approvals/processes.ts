import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Child {
  pid: number;
  /** The text after `ready`. */
  said: string;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;

/** Starts a program and waits for its line `ready …`. */
export async function startChild(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<Child> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = await readyLine(child, command);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    pid: child.pid!,
    said,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await gone;
      clearTimeout(timer);
    },
  };
}

const readyLine = (child: ChildProcess, command: string) =>
  new Promise<string>((resolve, reject) => {
    let log = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} was not ready in time:\n${log.slice(-2_000)}`));
    }, READY_WITHIN_MS);
    const read = (chunk: Buffer) => {
      log += chunk.toString();
      const line = /^ready ?(.*)$/m.exec(log);
      if (!line) return;
      clearTimeout(timer);
      resolve(line[1]!);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ended with ${code}:\n${log.slice(-2_000)}`)));
  });

/** A program of the bench, built in the folder of this file. */
export const startOwn = (name: string, args: string[], env: NodeJS.ProcessEnv): Promise<Child> =>
  startChild(process.execPath, [fileURLToPath(new URL(`./${name}.js`, import.meta.url)), ...args], env);

const TICK_MS = 10;

/** CPU time of a process, user and system, all threads. Undefined without /proc. */
export function cpuMs(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** Resident memory. Undefined without /proc. */
export function residentMb(pid: number | undefined): number | undefined {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;
  } catch {
    return undefined;
  }
}
