import { defineCommand } from '../define-command.ts';

export const dev = defineCommand({
  name: 'dev',
  summary: 'start everything on this machine',
  details: [
    'Starts PostgreSQL, Temporal, the API and a worker on this machine, and stops them on Ctrl-C. All data is in ./.letsping, or in LETSPING_DATA_DIR.',
    'DATABASE_URL and TEMPORAL_ADDRESS name existing services to use instead; they must be on this machine unless LETSPING_ALLOW_REMOTE=1.',
  ],
  options: {
    json: {
      type: 'boolean',
      description: 'print one line of JSON when everything is ready, with addresses and keys, instead of the table',
    },
  },
  examples: ['letsping dev'],
  run: async (values, terminal) => (await import('../local/dev.ts')).runDev(values, terminal),
});
