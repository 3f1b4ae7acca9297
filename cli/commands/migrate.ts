import { parseArgs } from 'node:util';
import { createFirstProject } from '../../storage/bootstrap.ts';
import { migrate as migrateDatabase } from '../../storage/migrate.ts';
import { type Command, CommandFailed } from '../command.ts';
import { startRefusal } from '../start-refusal.ts';

/** Brings the database to this release; on an empty one it can make the first project and its keys. */
export const migrate: Command = {
  summary: 'bring the database to this release',
  usage: `usage: letsping migrate [--first-project NAME] [--json]

DATABASE_URL is the owner of the tables here, not the login that api and worker use.
  --first-project NAME  also make a project and one key per role, shown once (needs LETSPING_ROOT_KEY)
  --json                print { applied, project } as JSON`,
  async run(args, { env, out, err }) {
    const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, 'first-project': { type: 'string' } } });
    const url = env['DATABASE_URL'];
    if (!url)
      throw new CommandFailed(
        'configuration',
        'DATABASE_URL is missing',
        'DATABASE_URL=postgres://owner:…@host/letsping letsping migrate',
      );
    const applied = await migrateDatabase(url).catch(startRefusal);
    const name = values['first-project'];
    const project =
      name === undefined
        ? undefined
        : await createFirstProject({
            databaseUrl: url,
            rootKey: env['LETSPING_ROOT_KEY'] ?? '',
            name,
            environment: 'live',
          }).catch(startRefusal);
    if (values.json) out(`${JSON.stringify({ applied, ...(project && { project }) })}\n`);
    else {
      err(applied.length > 0 ? `applied ${applied.join(', ')}\n` : 'the database is at this release\n');
      if (project)
        out(
          Object.entries(project)
            .map(([key, value]) => `${key.padEnd(18)} ${value}\n`)
            .join(''),
        );
    }
    return 0;
  },
};
