import { defineCommand } from '../define-command.ts';

export const restore = defineCommand({
  name: 'restore',
  summary: 'accept a restored database, so that api and worker start again (deployment)',
  details: [
    'The backup itself is made and restored with the tools of PostgreSQL (docs/operations.md, "Backup and restore"). This command only accepts its state: api and worker refuse a database that is older than LETSPING_ANCHOR_FILE says, or whose administrative acts were changed.',
    'Opens a new epoch in every project, records it with the reason as an administrative act, writes the anchor, and prints which acts were lost: a key that was revoked after the backup is valid again until it is revoked again. Without LETSPING_ANCHOR_FILE it cannot know what was lost. Stop api and worker before. Needs DATABASE_URL of the owner or of api and worker, and LETSPING_ROOT_KEY.',
  ],
  options: {
    accept: { type: 'boolean', description: 'accept the database as it stands; required' },
    reason: {
      type: 'string',
      value: 'TEXT',
      description: 'why, at most 500 characters; stored in clear',
      required: true,
    },
    json: { type: 'boolean', description: 'print { projects: [{ project_id, epoch, lost, … }], missing } as JSON' },
  },
  examples: ['letsping restore --accept --reason "disk failure, backup of 3 May"'],
  run: async (values, terminal) => (await import('../deployment/accept-restore.ts')).acceptRestored(values, terminal),
});
