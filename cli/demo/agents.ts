import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandFailed } from '../command.ts';
import type { System } from '../services/system.ts';

/** The programs of `examples/office-agents`, each in its own process, as a team would run them. */
export interface Agents {
  effectsFile: string;
  journalFile: string;
  /** Starts a thread and waits for the end of its process: `paused` or `done`. */
  startThread(task: string, thread_id: string): Promise<'paused' | 'done'>;
  startResumeWorker(): Promise<void>;
  killResumeWorker(): Promise<void>;
  stop(): Promise<void>;
}

const program = (name: string) => fileURLToPath(new URL(`../../examples/office-agents/${name}.js`, import.meta.url));
const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise<void>((resolve) => child.once('exit', () => resolve()));

export function officeAgents(system: System): Agents {
  const effectsFile = join(system.data_dir, 'effects.jsonl');
  const journalFile = join(system.data_dir, 'journal.jsonl');
  const env: NodeJS.ProcessEnv = {
    ...system.program_env,
    LETSPING_BASE_URL: system.api_url,
    LETSPING_API_KEY: system.agent_api_key,
    LETSPING_PROJECT_ID: system.project_id,
    EFFECTS_FILE: effectsFile,
    JOURNAL_FILE: journalFile,
  };
  const running = new Set<ChildProcess>();
  let resumeWorker: ChildProcess | undefined;

  const launch = (name: string, args: string[]) => {
    const child = spawn(process.execPath, [program(name), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    child.once('exit', () => running.delete(child));
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-8_000)));
    return { child, output: () => output };
  };

  return {
    effectsFile,
    journalFile,
    async startThread(task, thread_id) {
      const { child, output } = launch('start', [task, thread_id]);
      await ended(child);
      const state = /"state":"(paused|done)"/.exec(output())?.[1];
      if (child.exitCode !== 0 || !state)
        throw new CommandFailed(
          'agent_failed',
          `the agent of ${task} ended with ${child.exitCode ?? child.signalCode}:\n${output()}`,
        );
      return state as 'paused' | 'done';
    },
    async startResumeWorker() {
      const { child, output } = launch('worker', []);
      resumeWorker = child;
      while (!output().includes('resume worker ready')) {
        if (child.exitCode !== null)
          throw new CommandFailed('agent_failed', `the resume worker ended with ${child.exitCode}:\n${output()}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async killResumeWorker() {
      resumeWorker?.kill('SIGKILL');
      if (resumeWorker) await ended(resumeWorker);
    },
    async stop() {
      const children = [...running];
      for (const child of children) child.kill('SIGTERM');
      const patience = setTimeout(() => {
        for (const child of children) child.kill('SIGKILL');
      }, 5_000);
      await Promise.all(children.map(ended));
      clearTimeout(patience);
    },
  };
}
