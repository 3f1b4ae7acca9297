import type { ContextTrust } from '../../contracts/action.ts';
import { defineCommand, defineCommandGroup } from '../define-command.ts';

const FILE = { value: 'FILE', description: 'the policy, YAML or JSON; - for the standard input' };
const POLICY = { type: 'string', value: 'FILE' } as const;
const JSON_ANSWER = { type: 'boolean', description: "print the server's answer as one line of JSON" } as const;

const show = defineCommand({
  name: 'policy show',
  summary: 'show the current policy',
  options: {
    json: { type: 'boolean', description: 'with its version, author and digest, as one line of JSON' },
    yaml: { type: 'boolean', description: 'as YAML, to edit and apply; otherwise JSON' },
    schema: { type: 'boolean', description: 'the JSON Schema of a policy file, for an editor; needs no server' },
  },
  exclusive: ['json', 'yaml', 'schema'],
  examples: ['letsping policy show --yaml > policy.yaml'],
  async run({ json, yaml, schema }, terminal) {
    const { show, showSchema } = await import('../policy/show.ts');
    return schema ? showSchema(terminal) : show(json ? 'json' : yaml ? 'yaml' : 'document', terminal);
  },
});

const log = defineCommand({
  name: 'policy log',
  summary: 'list the newest versions, with author, reason and what became looser',
  options: { json: JSON_ANSWER },
  examples: ['letsping policy log'],
  run: async ({ json }, terminal) => (await import('../policy/log.ts')).log(json, terminal),
});

const check = defineCommand({
  name: 'policy check',
  summary: 'list every error of a file with its place, and warn about loose settings; needs no server',
  positionals: { file: FILE },
  options: { json: { type: 'boolean', description: 'print { ok, errors, warnings } as one line of JSON' } },
  examples: ['letsping policy check policy.yaml'],
  run: async ({ file, json }, terminal) => (await import('../policy/check.ts')).check(file, json, terminal),
});

const test = defineCommand({
  name: 'policy test',
  summary: 'judge the actions of a JSONL file; needs no server',
  details: [
    'One object per line: { service, action, payload, id?, context?, session?, step? }. Exit code 1 if a line is invalid; the others are judged nevertheless.',
  ],
  positionals: { file: { value: 'FILE', description: 'the actions; - for the standard input' } },
  options: {
    policy: { ...POLICY, description: 'the policy to judge by; without it the built-in guardrails' },
    'context-trust': {
      type: 'string',
      value: 'TRUST',
      description: 'how far each context counts, as that of a key does',
      choices: ['full', 'tighten_only'] satisfies ContextTrust[],
      default: 'full',
    },
    json: { type: 'boolean', description: 'print { id, verdict, findings } of each action, one per line' },
  },
  examples: ['letsping policy test actions.jsonl --policy policy.yaml'],
  run: async ({ file, policy, 'context-trust': trust, json }, terminal) =>
    (await import('../policy/test.ts')).testActions(file, policy, trust as ContextTrust, json, terminal),
});

const simulate = defineCommand({
  name: 'policy simulate',
  summary: 'judge recorded requests again, on the server',
  options: {
    since: {
      type: 'string',
      value: 'TIME',
      description: 'how far back, at most 400 days: 90min, 24h, 7d',
      required: true,
    },
    policy: { ...POLICY, description: 'the policy to judge by; without it the current one' },
    json: JSON_ANSWER,
  },
  examples: ['letsping policy simulate --since 7d --policy policy.yaml'],
  run: async ({ since, policy, json }, terminal) =>
    (await import('../policy/simulate.ts')).simulate(since, policy, json, terminal),
});

const apply = defineCommand({
  name: 'policy apply',
  summary: 'make a file the new version, for requests that are opened from now on',
  positionals: { file: FILE },
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'why; a looser policy needs one' },
    json: JSON_ANSWER,
  },
  examples: ['letsping policy apply policy.yaml --reason "partner.example joined"'],
  run: async ({ file, reason, json }, terminal) =>
    (await import('../policy/apply.ts')).apply(file, reason, json, terminal),
});

export const policy = defineCommandGroup({
  name: 'policy',
  summary: "show, check, test, simulate and apply the project's policy",
  details: ['show, log, simulate and apply need an admin key; check, test and show --schema need no server.'],
  commands: [show, log, check, test, simulate, apply],
  examples: [
    'letsping policy show --yaml > policy.yaml',
    'letsping policy check policy.yaml',
    'letsping policy simulate --since 7d --policy policy.yaml',
    'letsping policy apply policy.yaml --reason "partner.example joined"',
  ],
});
