import { defineCommand } from '../define-command.ts';

const ID = { value: 'ID', description: 'the request' };
const DIGEST = {
  type: 'string',
  value: 'sha256:…',
  description: 'decide on the payload that you saw earlier; without it, on the current one, which is shown first',
} as const;
const JSON_ANSWER = { type: 'boolean', description: "print the server's answer as one line of JSON" } as const;

export const approve = defineCommand({
  name: 'approve',
  summary: 'approve a request, or its waiting patch',
  details: [
    'Approves exactly one payload. If the request has changed since the payload with this digest, nothing is approved.',
  ],
  positionals: { id: ID },
  options: {
    patched: {
      type: 'boolean',
      description: 'approve the patch that waits for a second approver instead of the original payload',
    },
    digest: DIGEST,
    json: JSON_ANSWER,
  },
  examples: ['letsping approve req_01kc…'],
  run: async (values, terminal) => (await import('../requests/decide.ts')).approveRequest(values, terminal),
});

export const reject = defineCommand({
  name: 'reject',
  summary: 'reject a request',
  positionals: { id: ID },
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'the agent gets it verbatim', required: true },
    digest: DIGEST,
    json: JSON_ANSWER,
  },
  examples: ["letsping reject req_01kc… --reason 'the customer was refunded on Monday'"],
  run: async (values, terminal) => (await import('../requests/decide.ts')).rejectRequest(values, terminal),
});

export const patch = defineCommand({
  name: 'patch',
  summary: 'approve a request with another payload',
  details: [
    'Approves the payload in FILE instead of the original. Schema and firewall check it again. A patch with a finding that the original does not have is refused, or waits for a second approver if the policy says so.',
  ],
  positionals: { id: ID },
  options: {
    file: {
      type: 'string',
      value: 'FILE',
      description: 'the whole payload as JSON, or - for the standard input',
      required: true,
    },
    json: JSON_ANSWER,
  },
  examples: ['letsping patch req_01kc… --file payload.json'],
  run: async (values, terminal) => (await import('../requests/decide.ts')).patchRequest(values, terminal),
});
