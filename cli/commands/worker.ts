import { sdkFault } from '../../runtime/temporal/sdk-copies.ts';
import { type Command, CommandFailed, UsageError } from '../command.ts';
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
    const fault = sdkFault();
    if (fault) throw new CommandFailed(fault.code, fault.message);
    // Loaded after the check: an SDK that is too old lacks names that this module imports, and Node would print only one of them.
    const { runWorker } = await import('../../workers/main.ts');
    await runWorker(terminal.env).catch(startRefusal);
    return 0;
  },
};
