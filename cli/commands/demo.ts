import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Command, CommandFailed, UsageError } from '../command.ts';
import { runDemo } from '../demo/run.ts';
import { startSystem } from '../services/system.ts';

/** The main use from end to end, on real services, in a temporary folder. */
export const demo: Command = {
  summary: 'show the main use from end to end',
  usage: `usage: letsping demo [--ask] [--json]

Starts its own system in a temporary folder. LangGraph agents propose eight actions, five of them risky. The risky ones wait
in Temporal workflows while the agents' processes end and the workers are killed with -9. Then they are decided, and the
threads continue in new workers. The report lists all effects and verifies every receipt offline.
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
      terminal.err('\nStarting PostgreSQL, Temporal, the API and a worker for this demo\n');
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
