import { defineCommand } from '../define-command.ts';

export const migrate = defineCommand({
  name: 'migrate',
  summary: 'migrate the database to this release (deployment)',
  details: [
    "DATABASE_URL must be that of the tables' owner, not of the login that api and worker use. With LETSPING_APP_PASSWORD it also creates that login, or sets its password: LETSPING_APP_LOGIN, default letsping_service.",
    'A database of a release before migration 0007 has rows that nothing authenticates. They are adopted once, which needs LETSPING_ROOT_KEY, and what was adopted is printed (docs/upgrade.md).',
    'In a database that it owns and that holds nothing else, it revokes the right to connect from all logins but the owner and members of letsping_app. Grant it to others by name (docs/deployment.md).',
    'Each secret may be a file: DATABASE_URL_FILE, LETSPING_APP_PASSWORD_FILE, LETSPING_ROOT_KEY_FILE.',
  ],
  options: {
    'first-project': {
      type: 'string',
      value: 'NAME',
      description: 'if there is no project, create one with one key per role, shown once (needs LETSPING_ROOT_KEY)',
    },
    json: { type: 'boolean', description: 'print { applied, adopted, connect_revoked, app_login, project } as JSON' },
  },
  examples: ['DATABASE_URL=postgres://owner:…@host/letsping letsping migrate --first-project billing'],
  run: async (values, terminal) => (await import('../deployment/migrate.ts')).migrateDeployment(values, terminal),
});
