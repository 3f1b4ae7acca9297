import { defineCommand } from '../define-command.ts';

export const rotateRootKeyCommand = defineCommand({
  name: 'rotate-root-key',
  summary: 'wrap all keys under the first of several root keys (deployment)',
  details: [
    'LETSPING_ROOT_KEY contains the new and the old root key, comma-separated: NEW,OLD. Wraps every project\'s key and every signing key again, under NEW; sealed data is not changed. Api and worker keep running if they have both keys (docs/operations.md, "Rotating the root key"). Safe to repeat. Needs the DATABASE_URL of api and worker.',
  ],
  options: {
    json: {
      type: 'boolean',
      description: 'print { root_key_id, projects, issuer_keys, unchanged, references } as JSON',
    },
  },
  examples: ['LETSPING_ROOT_KEY=NEW,OLD letsping rotate-root-key'],
  run: async (values, terminal) =>
    (await import('../deployment/rotate-root-key.ts')).rotateDeployment(values, terminal),
});
