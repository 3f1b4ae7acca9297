import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuMs } from '../approvals/processes.ts';

const POLL_MS = 5;
const GIVE_UP_MS = 120_000;

export interface Started {
  ms: number;
  /** Of this process, without its children. Undefined without /proc. */
  cpu_ms: number | undefined;
}

/** Starts a program, waits until it is ready, and ends it. */
export async function startOnce(
  args: string[],
  env: NodeJS.ProcessEnv,
  isReady: (output: string) => boolean | Promise<boolean>,
): Promise<Started> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  try {
    while (!(await isReady(output))) {
      if (hasEnded(child) || performance.now() - began > GIVE_UP_MS)
        throw new Error(`${args.join(' ')} was not ready:\n${(output + errors).slice(-4_000)}`);
      await pause(POLL_MS);
    }
    return { ms: performance.now() - began, cpu_ms: cpuMs(child.pid) };
  } finally {
    await end(child);
  }
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** Whether a server answers that it is ready. */
export const answers = (port: number) => () =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
