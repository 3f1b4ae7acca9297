import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A command of the build as a process of its own, with its output. */
export interface Program {
  child: ChildProcess;
  /** Everything it has written, to both streams. */
  output(): string;
  /** Resolves when its log has this message. */
  says(message: string, withinMs?: number): Promise<void>;
  exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
}

export function startProgram(args: string[], env: NodeJS.ProcessEnv, main = MAIN): Program {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exit = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  return {
    child,
    output: () => output,
    exit,
    kill: (signal) => void child.kill(signal),
    says: async (message, withinMs = 30_000) => {
      const end = Date.now() + withinMs;
      while (!output.includes(JSON.stringify(message))) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the program ended with ${child.exitCode ?? child.signalCode}:\n${output.slice(-4_000)}`);
        if (Date.now() > end) throw new Error(`the program did not log ${message}:\n${output.slice(-4_000)}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
  };
}

/** The first of `count` consecutive free ports. */
export async function freePorts(count = 1): Promise<number> {
  const free = (port: number) =>
    new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
    });
  for (;;) {
    const base = 31_000 + Math.floor(Math.random() * 1_500);
    const all = await Promise.all(Array.from({ length: count }, (_, i) => free(base + i)));
    if (all.every(Boolean)) return base;
  }
}
