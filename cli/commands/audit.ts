import { defineCommand } from '../define-command.ts';

export const audit = defineCommand({
  name: 'audit',
  summary: 'list who gave or took authority: keys, policies, sign-in links, sessions',
  details: [
    'Newest first, with the owner and key that did it, and from where. Says when the chain of these acts does not verify, with exit code 1. Needs an admin key.',
  ],
  options: {
    since: { type: 'string', value: 'TIME', description: 'how far back: 90min, 24h, 30d; without it from the start' },
    limit: { type: 'string', value: 'N', description: 'how many; without it 50, and for --export all' },
    export: {
      type: 'string',
      value: 'FILE',
      description: 'write a new file with one act per line as JSON, oldest first, with the MACs of the chain',
    },
    json: { type: 'boolean', description: 'print { items, fault } as one line of JSON' },
  },
  examples: ['letsping audit --since 30d', 'letsping audit --export audit.jsonl'],
  run: async (values, terminal) => (await import('../access/audit.ts')).auditTrail(values, terminal),
});
