import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, CommandFailed, UsageError } from '../command.ts';
import { runDemo } from '../demo/run.ts';
import { startSystem } from '../services/system.ts';

/** The main job from end to end, on real parts, in a folder that is thrown away afterwards. */
export const demo: Command = {
  summary: 'show the main job from end to end',
  usage: `usage: letsping demo [--ask] [--json]

Starts a system of its own in a temporary folder. LangGraph agents propose eight actions, five of them risky; those wait in
Temporal workflows while every agent's process ends and the workers are killed with -9; then they are decided, and the
threads go on in new workers. Ends with what happened in the world, and with every receipt verified offline.
  --ask   you decide: a approve, r reject, e edit, o open page
  --json  print the report as one JSON document`,
  async run(args, terminal) {
    const { values } = parseArgs({
      args,
      options: { ask: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
    });
    if (values.ask && !terminal.interactive) throw new UsageError('--ask needs a terminal');
    const dataDir = mkdtempSync(join(realpathSync(tmpdir()), 'letsping-demo-'));
    const interrupted = new AbortController();
    const stop = () => interrupted.abort(new CommandFailed('interrupted', 'interrupted'));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
    const progress = (line: string) => terminal.err(`  ${line}\n`);
    try {
      terminal.err('\nStarting PostgreSQL, Temporal, the API and a worker of this demo’s own\n');
      const system = await startSystem({
        env: { ...terminal.env, LETSPING_DATA_DIR: dataDir },
        dataDir,
        progress,
        throwaway: true,
        signal: interrupted.signal,
      });
      try {
        return await runDemo({
          system,
          terminal,
          askPerson: values.ask,
          json: values.json,
          signal: interrupted.signal,
        });
      } finally {
        await system.stop();
      }
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
};
