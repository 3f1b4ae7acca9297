import { z } from 'zod/v4';
import { PolicyVersion } from './policy.ts';
import { Text } from './text.ts';

/** Why a policy was loosened, in the words of its author. */
export const PolicyReason = Text.trim().min(1).max(1_000);

/** What one version changed. `loosenings` is empty when it only tightened; then no reason is required. */
export const PolicyChange = PolicyVersion.omit({ policy: true })
  .extend({
    reason: z.string().nullable(),
    loosenings: z
      .array(z.string())
      .meta({ description: 'What it allows that the version before did not, one sentence each' }),
    authentic: z.boolean().meta({
      description: 'False: this server did not write the version, or the one before it. Nothing is screened by it',
    }),
  })
  .meta({ id: 'PolicyChange', title: 'PolicyChange' });
export type PolicyChange = z.infer<typeof PolicyChange>;

/** PostgreSQL's `integer`. */
const MAX_VERSION = 2_147_483_647;

export const PolicyLogQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().min(1).max(MAX_VERSION).optional(),
});

/** `GET /api/policy/versions`: newest first. `next`, given as `before`, continues. */
export const PolicyLog = z
  .object({ items: z.array(PolicyChange), next: z.int().nullable() })
  .meta({ id: 'PolicyLog', title: 'PolicyLog' });
export type PolicyLog = z.infer<typeof PolicyLog>;
