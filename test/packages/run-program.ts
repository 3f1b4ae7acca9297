import { spawn } from 'node:child_process';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Both streams in the order of arrival. */
  output: string;
}

export interface RunOptions {
  cwd: string;
  env?: NodeJS.ProcessEnv;
  timeoutMs?: number;
}

const LIMIT_MS = 300_000;

/** Runs a program to its end and returns its output, whatever its exit code. */
export function run(command: string, args: readonly string[], { cwd, env, timeoutMs = LIMIT_MS }: RunOptions) {
  return new Promise<Ran>((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    const ran: Ran = { code: null, stdout: '', stderr: '', output: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        ran[stream] += text;
        ran.output += text;
      });
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...ran, code }));
  });
}

/** @throws Error with the end of the output, if the exit code is not 0. */
export async function mustRun(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const ran = await run(command, args, options);
  if (ran.code === 0) return ran;
  throw new Error(
    `${[command.split('/').at(-1), ...args].join(' ')} ended with ${ran.code}:\n${ran.output.slice(-6_000)}`,
  );
}
