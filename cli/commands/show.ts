import { defineCommand } from '../define-command.ts';

export const show = defineCommand({
  name: 'show',
  summary: 'show one approval request',
  details: [
    'Shows the payload, the findings, the timeline and the decision; if a patch waits for a second approver, also its changes and findings.',
  ],
  positionals: { id: { value: 'ID', description: 'the request' } },
  options: {
    receipt: { type: 'boolean', description: 'print only the signed receipt, for `letsping verify`' },
    json: { type: 'boolean', description: 'print one JSON document' },
  },
  exclusive: ['receipt', 'json'],
  examples: ['letsping show req_01kc…', 'letsping show req_01kc… --receipt > receipt.jws'],
  run: async (values, terminal) => (await import('../requests/show.ts')).showRequest(values, terminal),
});
