import { runApi } from '../../api/main.ts';
import { type Command, UsageError } from '../command.ts';
import { startRefusal } from '../start-refusal.ts';

const LARGE_BODIES = new URL('../../api/large-body/thread.js', import.meta.url);

/** The API server of a deployment. */
export const api: Command = {
  summary: 'run the API server',
  usage: `usage: letsping api

Environment: DATABASE_URL, LETSPING_ROOT_KEY, LETSPING_HOST, LETSPING_PORT, LETSPING_PUBLIC_URL, LOG_LEVEL,
LETSPING_METRICS_PORT, TEMPORAL_* (docs/deployment.md). Secrets may be files: DATABASE_URL_FILE, LETSPING_ROOT_KEY_FILE.
Logs JSON lines on stdout. SIGTERM ends it after running work has finished.`,
  async run(args, terminal) {
    if (args.length > 0) throw new UsageError('takes no arguments');
    await runApi(terminal.env, LARGE_BODIES).catch(startRefusal);
    return 0;
  },
};
