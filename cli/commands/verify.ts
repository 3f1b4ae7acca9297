import { defineCommand } from '../define-command.ts';

export const verify = defineCommand({
  name: 'verify',
  summary: 'verify a receipt offline',
  details: [
    'Checks a receipt (a compact JWS) without network, server or database. Keys come from --keys alone, never from the receipt: get them once from <server>/.well-known/jwks.json, over a connection that you trust.',
    'With --payload and its --salt it also checks that the decision is about this payload.',
    'Exit code 0: valid, 1: not valid, 2: usage, 3: not valid because the key set says that the signing key is revoked.',
  ],
  positionals: { file: { value: 'FILE', description: 'the receipt, or - for the standard input' } },
  options: {
    keys: { type: 'string', value: 'FILE', description: "the issuer's public keys, as a JWK set", required: true },
    payload: { type: 'string', value: 'FILE', description: 'the payload that the decision is about' },
    salt: { type: 'string', value: 'TEXT', description: 'the `digest_salt` of that payload' },
    json: { type: 'boolean', description: 'print the checks and the statement as one line of JSON' },
  },
  examples: ['letsping verify receipt.jws --keys jwks.json'],
  run: async (values, terminal) => (await import('../receipts/verify.ts')).verifyFile(values, terminal),
});
