import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceName, signalGroup, stopSignal } from './leftovers.ts';
import { lastLines, openLog, readLog } from './log-file.ts';

/** A service that is stopped while it starts has nothing to finish. */
const STARTING_GRACE_MS = 3_000;

export interface Launch {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** The system user to run as; absent: ours. */
  user?: { uid: number; gid: number } | undefined;
}

export interface ServiceSpec {
  name: ServiceName;
  launch(): Launch;
  /** Asked again and again until it is true. `log` is what this process has written so far. */
  ready(log: () => string): Promise<boolean> | boolean;
  readyWithinMs: number;
  logFile: string;
}

/** The process ended, or did not answer in time, before it was ready. Its message ends with its last log lines. */
export class ServiceFailed extends Error {
  override readonly name = 'ServiceFailed';
  readonly log: string;
  constructor(service: string, what: string, log: string) {
    super(`${service} ${what}${log ? `; the end of its log:\n${lastLines(log, 25)}` : ''}`);
    this.log = log;
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/**
 * One run of a service's process, in a process group of its own, so that Ctrl-C reaches us alone and we stop them in
 * order. `started` is called with the pid before anything else can fail, so that the process is on record.
 */
export async function runService(
  spec: ServiceSpec,
  started: (pid: number) => void,
  stopping: AbortSignal,
): Promise<ChildProcess> {
  stopping.throwIfAborted();
  const { fd, offset } = openLog(spec.logFile);
  const { command, args, env, user } = spec.launch();
  const child = spawn(command, args, { detached: true, stdio: ['ignore', fd, fd], env, ...user });
  closeSync(fd);
  const failed = new Promise<Error>((resolve) => child.once('error', resolve));
  if (child.pid === undefined) throw new ServiceFailed(spec.name, `cannot be started: ${(await failed).message}`, '');
  started(child.pid);
  const log = () => readLog(spec.logFile, offset);
  const end = Date.now() + spec.readyWithinMs;
  while (!hasEnded(child)) {
    if (stopping.aborted) await endService(spec.name, child, STARTING_GRACE_MS);
    stopping.throwIfAborted();
    if ((await spec.ready(log)) && !hasEnded(child)) return child;
    if (Date.now() > end) {
      await endService(spec.name, child, 0);
      throw new ServiceFailed(spec.name, `was not ready within ${spec.readyWithinMs / 1000} s`, log());
    }
    await sleep(20);
  }
  throw new ServiceFailed(spec.name, `ended at once (${child.signalCode ?? `exit code ${child.exitCode}`})`, log());
}

/** Asks the process to stop, and after `graceMs` makes it. */
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
