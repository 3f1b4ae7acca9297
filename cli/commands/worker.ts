import { CommandFailed } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { settingsOf } from '../late-settings.ts';
import { startRefusal } from '../start-refusal.ts';

export const worker = defineCommand({
  name: 'worker',
  summary: 'run the Temporal worker (deployment)',
  details: [
    'Environment: DATABASE_URL, LETSPING_ROOT_KEY, LOG_LEVEL, LETSPING_METRICS_PORT, TEMPORAL_* (docs/deployment.md). Secrets may be files: DATABASE_URL_FILE, LETSPING_ROOT_KEY_FILE.',
    'Logs JSON lines on stdout, "worker ready" once it polls. SIGTERM ends it after running work has finished. An uncaught error does so too, with exit code 70.',
  ],
  examples: ['letsping worker'],
  async run(_, terminal) {
    const { sdkFault } = await import('../../runtime/temporal/sdk-copies.ts');
    const fault = sdkFault();
    if (fault) throw new CommandFailed(fault.code, fault.message);
    // Loaded after the check: an SDK that is too old lacks names that this module imports, and Node would print only one of them.
    const { runWorker } = await import('../../workers/main.ts');
    return runWorker(await settingsOf(terminal.env)).catch(startRefusal);
  },
});
