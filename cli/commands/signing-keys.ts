import { defineCommand, defineCommandGroup } from '../define-command.ts';

const JSON_LINE = { type: 'boolean', description: 'print the answer as one line of JSON' } as const;
const KID = { value: 'KID', description: 'the id of the key, as `letsping signing-keys list` prints it' };

const list = defineCommand({
  name: 'signing-keys list',
  summary: 'list the keys that sign receipts, newest first, and which one signs',
  options: { json: JSON_LINE },
  examples: ['letsping signing-keys list'],
  run: async (values, terminal) => (await import('../deployment/signing-keys.ts')).list(values, terminal),
});

const rotate = defineCommand({
  name: 'signing-keys rotate',
  summary: 'create a key that signs from now on, and retire those before',
  options: { json: JSON_LINE },
  examples: ['letsping signing-keys rotate'],
  run: async (values, terminal) => (await import('../deployment/signing-keys.ts')).rotate(values, terminal),
});

const retire = defineCommand({
  name: 'signing-keys retire',
  summary: 'sign no new receipts with a key; those that it signed stay valid',
  positionals: { kid: KID },
  options: { json: JSON_LINE },
  examples: ['letsping signing-keys retire KID'],
  run: async (values, terminal) => (await import('../deployment/signing-keys.ts')).retire(values, terminal),
});

const revoke = defineCommand({
  name: 'signing-keys revoke',
  summary: 'publish a key as revoked, because somebody else may have it',
  details: [
    'Receipts under a revoked key are not valid any more for `letsping verify`, and outcomes that state a later time are refused. A key that signs is retired first; ten seconds later, when every process signs with another, it is revoked.',
  ],
  positionals: { kid: KID },
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'why, at most 200 characters; published', required: true },
    json: JSON_LINE,
  },
  examples: ['letsping signing-keys revoke KID --reason compromised'],
  run: async (values, terminal) => (await import('../deployment/signing-keys.ts')).revoke(values, terminal),
});

export const signingKeys = defineCommandGroup({
  name: 'signing-keys',
  summary: 'list, rotate, retire and revoke the keys that sign receipts (deployment)',
  details: [
    'Needs the DATABASE_URL and LETSPING_ROOT_KEY of api and worker, which take over a new key within five seconds, without a restart. Each change is an administrative act of every project.',
  ],
  commands: [list, rotate, retire, revoke],
  examples: ['letsping signing-keys list'],
});
