import { defineCommand, defineCommandGroup } from '../define-command.ts';

const JSON_LINE = { type: 'boolean', description: 'print the answer as one line of JSON' } as const;

const list = defineCommand({
  name: 'retention list',
  summary: 'list how long each project keeps the payloads of closed requests',
  options: { json: JSON_LINE },
  examples: ['letsping retention list'],
  run: async (values, terminal) => (await import('../deployment/retention.ts')).list(values, terminal),
});

const set = defineCommand({
  name: 'retention set',
  summary: 'set after how many days the payload of a closed request is removed',
  details: [
    'Within an hour a worker removes the payloads, findings, reasons and patches of requests whose outcomes are older: they cannot be brought back. Terms, outcomes and receipts stay, and receipts verify as before.',
  ],
  positionals: { days: { value: 'DAYS', description: '1 to 36500; or unlimited: payloads are kept' } },
  options: {
    project: { type: 'string', value: 'ID', description: 'the project; needed where there are several' },
    json: JSON_LINE,
  },
  examples: ['letsping retention set 90', 'letsping retention set unlimited'],
  run: async (values, terminal) => (await import('../deployment/retention.ts')).set(values, terminal),
});

export const retention = defineCommandGroup({
  name: 'retention',
  summary: 'how long the payloads of closed requests are kept (deployment)',
  details: [
    'Needs the DATABASE_URL and LETSPING_ROOT_KEY of api and worker. Each change is an administrative act of its project.',
  ],
  commands: [list, set],
  examples: ['letsping retention list', 'letsping retention set 90'],
});
