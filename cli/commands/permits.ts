import type { ClosedAs } from '../../contracts/permit.ts';
import { defineCommand, defineCommandGroup } from '../define-command.ts';

const JSON_ANSWER = { type: 'boolean', description: "print the server's answer as one line of JSON" } as const;
const ENDS = Object.keys({ done: true, not_run: true } satisfies Record<ClosedAs, true>);

const list = defineCommand({
  name: 'permits list',
  summary: 'list approved requests whose result is unknown: the action may have run',
  options: { json: JSON_ANSWER },
  examples: ['letsping permits list'],
  run: async (values, terminal) => (await import('../requests/permits.ts')).listUnknown(values, terminal),
});

const close = defineCommand({
  name: 'permits close',
  summary: 'say whether an action with an unknown result has run',
  details: [
    'Look where the action acts first: with `not_run` the agent may run it again. Not for a request that you made yourself.',
  ],
  positionals: { id: { value: 'ID', description: 'the request' } },
  options: {
    as: { type: 'string', value: 'RESULT', description: 'what happened', choices: ENDS },
    json: JSON_ANSWER,
  },
  examples: ['letsping permits close req_01kc… --as done'],
  run: async (values, terminal) => (await import('../requests/permits.ts')).closePermit(values, terminal),
});

export const permits = defineCommandGroup({
  name: 'permits',
  summary: 'list approved actions with an unknown result, and close them',
  details: ["Needs an approver's or admin's key."],
  commands: [list, close],
  examples: ['letsping permits list', 'letsping permits close req_01kc… --as not_run'],
});
