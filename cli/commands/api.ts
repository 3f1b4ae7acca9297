import { defineCommand } from '../define-command.ts';
import { settingsOf } from '../late-settings.ts';
import { startRefusal } from '../start-refusal.ts';

const LARGE_BODIES = new URL('../../api/large-body/thread.js', import.meta.url);

export const api = defineCommand({
  name: 'api',
  summary: 'run the API server (deployment)',
  details: [
    'Environment: DATABASE_URL, LETSPING_ROOT_KEY, LETSPING_HOST, LETSPING_PORT, LETSPING_PUBLIC_URL, LOG_LEVEL, LETSPING_METRICS_PORT, TEMPORAL_* (docs/deployment.md). Secrets may be files: DATABASE_URL_FILE, LETSPING_ROOT_KEY_FILE.',
    'Logs JSON lines on stdout. SIGTERM ends it after running work has finished. An uncaught error does so too, with exit code 70.',
  ],
  examples: ['letsping api'],
  async run(_, terminal) {
    const { runApi } = await import('../../api/main.ts');
    return runApi(await settingsOf(terminal.env), LARGE_BODIES).catch(startRefusal);
  },
});
