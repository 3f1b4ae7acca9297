import { defineCommand } from '../define-command.ts';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'check a deployment and suggest fixes',
  details: [
    'Run it with the environment of api and worker: DATABASE_URL, LETSPING_ROOT_KEY, LETSPING_*, TEMPORAL_*. Checks Node, the installed Temporal SDK, configuration, ports, PostgreSQL, clocks, migrations, the login, the root key, Temporal, the namespace and its permissions. To check the permission for schedules it creates a paused one and deletes it; it changes nothing else. Exit code 1 when a check fails.',
  ],
  options: { json: { type: 'boolean', description: 'print { ok, findings: [{ check, state, detail, fix }] }' } },
  examples: ['letsping doctor'],
  run: async (values, terminal) => (await import('../doctor/examine.ts')).examineDeployment(values, terminal),
});
