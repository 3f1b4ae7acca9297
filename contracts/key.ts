import { z } from 'zod/v4';
import { ContextTrust } from './action.ts';
import { Text } from './text.ts';

export const ROLES = ['agent', 'approver', 'admin'] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

export const PERMISSIONS = [
  'approval:create',
  'approval:read',
  'approval:decide',
  'approval:cancel',
  'approval:execute',
  'permit:close',
  'policy:manage',
  'policy:loosen',
  'key:manage',
  'audit:read',
] as const;
export const Permission = z.enum(PERMISSIONS);
export type Permission = z.infer<typeof Permission>;

const MINUTE_MS = 60_000;
export const MIN_KEY_EXPIRES_IN_MS = MINUTE_MS;
export const MAX_KEY_EXPIRES_IN_MS = 10 * 366 * 24 * 60 * MINUTE_MS;

/**
 * The person or agent that the key belongs to. It appears in Temporal histories and receipts, so it must be an identifier and
 * not an e-mail address: the character set excludes `@`.
 */
export const Owner = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, dot, underscore and hyphen; not an e-mail address');

export const CreateKeyBody = z
  .strictObject({
    name: Text.trim().min(1).max(100),
    owner: Owner,
    role: Role,
    services: z.array(Text.min(1).max(200)).min(1).max(100).optional().meta({
      description: 'The services that an agent key may use; absent: any',
    }),
    context_trust: ContextTrust.optional().meta({
      description:
        'How far the context of its calls counts. full: the agent key belongs to a host program whose context no model writes. Default tighten_only',
    }),
    expires_in_ms: z.int().min(MIN_KEY_EXPIRES_IN_MS).max(MAX_KEY_EXPIRES_IN_MS).optional().meta({
      description: 'After this time the key is refused; absent: never',
    }),
    permissions: z.array(Permission).min(1).max(PERMISSIONS.length).optional().meta({
      description: 'Some of the permissions of the role; absent: all. None that the maker of the key lacks',
    }),
  })
  .meta({ id: 'CreateKeyBody', title: 'CreateKeyBody' });
export type CreateKeyBody = z.infer<typeof CreateKeyBody>;

export const ApiKey = z
  .object({
    id: z.string(),
    name: z.string(),
    owner: z.string(),
    role: Role,
    services: z.array(z.string()).nullable(),
    created_at: z.string(),
    last_used_at: z.string().nullable(),
    revoked_at: z.string().nullable(),
    context_trust: ContextTrust,
    expires_at: z.string().nullable(),
    made_by: z.string().nullable().meta({ description: 'The owner who made the key, if it is the key of another' }),
    permissions: z.array(Permission).meta({ description: 'What it may do' }),
    authentic: z.boolean().meta({
      description:
        'False: the stored key was not written by this server, or is older than one seen before. It is refused',
    }),
  })
  .meta({ id: 'ApiKey', title: 'ApiKey' });
export type ApiKey = z.infer<typeof ApiKey>;

/** Only this answer contains the secret. */
export const CreatedKey = ApiKey.extend({
  api_key: z.string().optional().meta({
    description: 'The key itself. Absent when the answer is repeated under its Idempotency-Key: it is given once',
  }),
}).meta({ id: 'CreatedKey', title: 'CreatedKey' });
export type CreatedKey = z.infer<typeof CreatedKey>;

export const KeyList = z.object({ items: z.array(ApiKey) }).meta({ id: 'KeyList', title: 'KeyList' });
export type KeyList = z.infer<typeof KeyList>;
