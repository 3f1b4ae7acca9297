import { runApi } from '../../api/main.ts';
import { type Command, UsageError } from '../command.ts';
import { startRefusal } from '../start-refusal.ts';

/** The API server of a deployment. */
export const api: Command = {
  summary: 'run the API server',
  usage: `usage: letsping api

Environment: DATABASE_URL, LETSPING_ROOT_KEY, LETSPING_HOST, LETSPING_PORT, LETSPING_PUBLIC_URL, LOG_LEVEL, TEMPORAL_*.
Logs JSON lines on stdout. SIGTERM ends it after what it had begun.`,
  async run(args, terminal) {
    if (args.length > 0) throw new UsageError('takes no arguments');
    await runApi(terminal.env).catch(startRefusal);
    return 0;
  },
};
