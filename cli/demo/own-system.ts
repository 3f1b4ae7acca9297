import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailed, type Terminal } from '../command.ts';
import { startSystem } from '../services/system.ts';
import { runDemo } from './run.ts';

/** The demo on a system of its own, in a temporary folder that goes with it. */
export async function demoOnOwnSystem(
  { ask, json }: { ask: boolean; json: boolean },
  terminal: Terminal,
): Promise<0 | 1> {
  const dataDir = mkdtempSync(join(realpathSync(tmpdir()), 'letsping-demo-'));
  const interrupted = new AbortController();
  const stop = () => interrupted.abort(new CommandFailed('interrupted', 'interrupted'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  const progress = (line: string) => terminal.err(`  ${line}\n`);
  try {
    terminal.err('\nStarting PostgreSQL, Temporal, the API and a worker for this demo\n');
    const system = await startSystem({
      env: { ...terminal.env, LETSPING_DATA_DIR: dataDir },
      dataDir,
      progress,
      throwaway: true,
      acceptSignals: true, // one of its approvals is a bot's Signal
      signal: interrupted.signal,
    });
    try {
      return await runDemo({
        system,
        terminal,
        askPerson: ask,
        json,
        signal: interrupted.signal,
      });
    } finally {
      await system.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
