import { z } from 'zod';
import { PolicyVersion } from './policy.ts';

/** Why a policy was loosened, in the words of whoever did it. */
export const PolicyReason = z.string().trim().min(1).max(1_000);

/** What one version changed. `loosenings` are empty when it only tightened; then nobody had to say why. */
export const PolicyChange = PolicyVersion.omit({ policy: true })
  .extend({
    reason: z.string().nullable(),
    loosenings: z
      .array(z.string())
      .meta({ description: 'What it lets pass that the version before did not, a sentence each' }),
  })
  .meta({ id: 'PolicyChange', title: 'PolicyChange' });
export type PolicyChange = z.infer<typeof PolicyChange>;

export const PolicyLogQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().min(1).optional(),
});

/** `GET /api/policy/versions`: newest first. `next`, given as `before`, continues. */
export const PolicyLog = z
  .object({ items: z.array(PolicyChange), next: z.int().nullable() })
  .meta({ id: 'PolicyLog', title: 'PolicyLog' });
export type PolicyLog = z.infer<typeof PolicyLog>;
