import type { Role } from '../../contracts/key.ts';
import { defineCommand, defineCommandGroup } from '../define-command.ts';

const ROLES = Object.keys({ agent: true, approver: true, admin: true } satisfies Record<Role, true>);
const JSON_ANSWER = { type: 'boolean', description: "print the server's answer as one line of JSON" } as const;

const create = defineCommand({
  name: 'keys create',
  summary: 'create a key; stdout is the key alone, and it cannot be shown again',
  details: [
    'OWNER identifies the person or agent. An owner cannot decide requests that their own keys opened.',
    'A key cannot give a permission that it was made without.',
  ],
  options: {
    name: { type: 'string', value: 'TEXT', description: 'what the key is for', required: true },
    owner: { type: 'string', value: 'OWNER', description: 'whose key it is', required: true },
    role: { type: 'string', value: 'ROLE', description: 'what it may do', choices: ROLES, required: true },
    service: {
      type: 'string',
      value: 'NAME',
      description: 'limits the key of an agent to this service; repeat it for several; without it any service',
      multiple: true,
    },
    host: {
      type: 'boolean',
      description: 'the key of a host program: the context of its calls counts in full, and no model may write it',
    },
    'expires-in': {
      type: 'string',
      value: 'TIME',
      description: 'how long it is valid: 90min, 24h, 30d; without it, it does not expire',
    },
    without: {
      type: 'string',
      value: 'PERMISSION',
      description: 'a permission of the role that the key does not have; repeat it for several',
      multiple: true,
    },
    json: JSON_ANSWER,
  },
  examples: [
    'letsping keys create --name billing --owner billing-bot --role agent --service billing-agent',
    'letsping keys create --name ops --owner ana --role admin --without policy:loosen --expires-in 30d',
  ],
  run: async (values, terminal) => (await import('../access/keys.ts')).createKey(values, terminal),
});

const list = defineCommand({
  name: 'keys list',
  summary: 'list the keys of the project, never the secrets',
  options: { json: JSON_ANSWER },
  examples: ['letsping keys list'],
  run: async (values, terminal) => (await import('../access/keys.ts')).listKeys(values, terminal),
});

const revoke = defineCommand({
  name: 'keys revoke',
  summary: 'revoke a key at once',
  positionals: { id: { value: 'KEY_ID', description: 'the id of the key, as `letsping keys list` prints it' } },
  options: { json: JSON_ANSWER },
  examples: ['letsping keys revoke key_01kc…'],
  run: async (values, terminal) => (await import('../access/keys.ts')).revokeKey(values, terminal),
});

export const keys = defineCommandGroup({
  name: 'keys',
  summary: 'create, list and revoke API keys',
  details: ['Needs an admin key.'],
  commands: [create, list, revoke],
  examples: ['letsping keys create --name billing --owner billing-bot --role agent'],
});
