import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines, openLog, readLog } from './log-file.ts';
import type { ServiceName } from './process-records.ts';
import { signalGroup, stopSignal } from './stop-signal.ts';

/** Short: a service that is stopped while it starts has no work to finish. */
const STARTING_GRACE_MS = 3_000;

export interface Launch {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** The rest of the environment of a program that is started before this is known; sent to it as a message. */
  settings?: Promise<NodeJS.ProcessEnv>;
  /** The system user to run as. Absent: the current one. */
  user?: { uid: number; gid: number } | undefined;
}

export interface ServiceSpec {
  name: ServiceName;
  launch(): Launch;
  /** Polled until it is true. `log` returns what this process has written so far. */
  ready(log: () => string): Promise<boolean> | boolean;
  /** From the start, or from when it has its settings. */
  readyWithinMs: number;
  logFile: string;
}

/** The process ended, or was not ready in time. The message ends with the last lines of its log. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';
  readonly log: string;
  constructor(service: string, what: string, log: string) {
    super(`${service} ${what}${log ? `; the end of its log:\n${lastLines(log, 25)}` : ''}`);
    this.log = log;
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/**
 * Runs a service's process once, in a process group of its own: Ctrl-C reaches only this process, which then stops its
 * services in order. `started` gets the pid before anything else can fail, so that the process is recorded.
 */
export async function runService(
  spec: ServiceSpec,
  started: (pid: number) => void,
  stopping: AbortSignal,
): Promise<ChildProcess> {
  stopping.throwIfAborted();
  const { fd, offset } = openLog(spec.logFile);
  const { command, args, env, user, settings } = spec.launch();
  const channel = settings ? (['ipc'] as const) : [];
  const child = spawn(command, args, { detached: true, stdio: ['ignore', fd, fd, ...channel], env, ...user });
  closeSync(fd);
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  if (child.pid === undefined) throw new StartFailed(spec.name, `cannot be started: ${(await failed).message}`, '');
  started(child.pid);
  const log = () => readLog(spec.logFile, offset);
  let end = settings ? Number.POSITIVE_INFINITY : Date.now() + spec.readyWithinMs;
  const send = (values: NodeJS.ProcessEnv) => {
    end = Date.now() + spec.readyWithinMs;
    if (child.connected) child.send(values, () => {}); // the loop below sees that it has ended
  };
  settings?.then(send, () => {}); // without its settings the whole start fails, and stops this one
  while (!hasEnded(child)) {
    if (stopping.aborted) await endService(spec.name, child, STARTING_GRACE_MS);
    stopping.throwIfAborted();
    if (Number.isFinite(end) && (await spec.ready(log)) && !hasEnded(child)) return child;
    if (Date.now() > end) {
      await endService(spec.name, child, 0);
      throw new StartFailed(spec.name, `was not ready within ${spec.readyWithinMs / 1000} s`, log());
    }
    await sleep(20);
  }
  throw new StartFailed(spec.name, `ended at once (${child.signalCode ?? `exit code ${child.exitCode}`})`, log());
}

/** Signals the process to stop, and kills it after `graceMs`. */
export async function endService(name: ServiceName, child: ChildProcess, graceMs: number): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const exited = once(child, 'exit');
  if (graceMs > 0) {
    signalGroup(child.pid, stopSignal(name));
    await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
  }
  if (!hasEnded(child)) {
    signalGroup(child.pid, 'SIGKILL');
    await exited;
  }
}
