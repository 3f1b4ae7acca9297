import { defineCommand } from '../define-command.ts';

export const dev = defineCommand({
  name: 'dev',
  summary: 'start everything on this machine',
  details: [
    'Starts PostgreSQL, Temporal, the API and a worker on this machine, and stops them on Ctrl-C. All data is in ./.letsping, or in LETSPING_DATA_DIR.',
    'Every program that runs as the same user can read the keys in the data folder, and so approve. An agent with a shell needs an account of its own: docs/deployment.md.',
    'DATABASE_URL and TEMPORAL_ADDRESS name existing services to use instead; they must be on this machine unless LETSPING_ALLOW_REMOTE=1.',
  ],
  options: {
    'accept-signals': {
      type: 'boolean',
      description: 'let a policy accept unsigned Temporal Signals: every account of this machine can then approve',
    },
    json: {
      type: 'boolean',
      description: 'print one line of JSON when everything is ready, with addresses and keys, instead of the table',
    },
  },
  examples: ['letsping dev'],
  run: async (values, terminal) =>
    (await import('../local/dev.ts')).runDev({ json: values.json, acceptSignals: values['accept-signals'] }, terminal),
});
