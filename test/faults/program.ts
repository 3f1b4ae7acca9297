import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
export const preload = (name: string) => new URL(`./${name}`, import.meta.url).href;

/** A program of this repository in its own process, with its output. */
export interface Program {
  readonly pid: number | undefined;
  /** All its output since its first start. */
  readonly log: string;
  start(extra?: NodeJS.ProcessEnv): Promise<void>;
  /** Sends SIGKILL by pid and waits for the end. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when the running process has ended for any reason. */
  gone(): Promise<void>;
}

export interface ProgramOptions {
  env: NodeJS.ProcessEnv;
  /** Text in its output that means it is ready. */
  ready: string;
  /** Arguments of the command line, or of node if `script` is given. */
  args: string[];
  script?: string;
  /** Called with the pid when it runs. */
  onStart?: (pid: number) => void;
  /** URLs of modules to preload, which inject faults. */
  imports?: string[];
}

export function program({ env, ready, args, script = MAIN, imports = [], onStart }: ProgramOptions): Program {
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let log = '';
  const running = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (running()) child!.kill(signal);
    await ended;
  };
  return {
    get pid() {
      return running() ? child!.pid : undefined;
    },
    get log() {
      return log;
    },
    async start(extra = {}) {
      const from = log.length;
      const started = spawn(process.execPath, [...imports.flatMap((url) => ['--import', url]), script, ...args], {
        env: { ...env, ...extra },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      if (started.pid !== undefined) onStart?.(started.pid);
      ended = new Promise((resolve) => started.once('exit', () => resolve()));
      for (const stream of [started.stdout!, started.stderr!])
        stream.on('data', (chunk: Buffer) => {
          log += chunk.toString();
        });
      const until = Date.now() + 60_000;
      while (!log.slice(from).includes(ready)) {
        if (started.exitCode !== null || started.signalCode !== null)
          throw new Error(
            `${args.join(' ')} ended with ${started.exitCode ?? started.signalCode}:\n${log.slice(-3_000)}`,
          );
        if (Date.now() > until) throw new Error(`${args.join(' ')} was not ready in 60 s:\n${log.slice(-3_000)}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    gone: () => ended,
  };
}
