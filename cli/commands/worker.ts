import { runWorker } from '../../workers/main.ts';
import { type Command, UsageError } from '../command.ts';
import { startRefusal } from '../start-refusal.ts';

/** The Temporal worker of a deployment. */
export const worker: Command = {
  summary: 'run the Temporal worker',
  usage: `usage: letsping worker

Environment: DATABASE_URL, LETSPING_ROOT_KEY, LOG_LEVEL,
LETSPING_METRICS_PORT, TEMPORAL_* (docs/deployment.md). Secrets may be files: DATABASE_URL_FILE, LETSPING_ROOT_KEY_FILE.
Logs JSON lines on stdout, "worker ready" once it polls. SIGTERM ends it after running work has finished.`,
  async run(args, terminal) {
    if (args.length > 0) throw new UsageError('takes no arguments');
    await runWorker(terminal.env).catch(startRefusal);
    return 0;
  },
};
