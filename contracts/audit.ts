import { z } from 'zod/v4';
import { Span, spanMs } from './span.ts';

/** The largest number of an act: a PostgreSQL integer. */
const MAX_NUMBER = 2_147_483_647;
const MAX_SINCE_MS = 4_000 * 86_400_000;

/** `GET /api/audit`: `before` is the `next` of the page before. */
export const AuditQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().min(1).max(MAX_NUMBER).optional(),
  since: Span.refine((span) => spanMs(span) <= MAX_SINCE_MS, 'at most 4,000 days').optional(),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

/** An act that gave or took authority: a row of the project's chain. */
export const AuditAct = z
  .object({
    number: z.int(),
    epoch: z.int().meta({ description: 'Rises when a person accepts a restored backup' }),
    at: z.string(),
    kind: z.string(),
    subject: z.string().nullable().meta({ description: 'What it is about: a key, a version of the policy' }),
    actor: z.string().nullable().meta({ description: 'Owner of the key; null for a command of the terminal' }),
    key_id: z.string().nullable().meta({ description: 'The key that was used, or that was used to sign in' }),
    surface: z.string().nullable().meta({ description: 'api, page or terminal; null in acts of a release before' }),
    address: z.string().nullable().meta({ description: "Of the caller's connection: a proxy's where there is one" }),
    details: z.record(z.string(), z.unknown()),
    previous_mac: z.string().nullable().meta({ description: 'base64url: the MAC of the act before' }),
    mac: z.string().meta({ description: 'base64url, under a key that is derived from that of the project' }),
    authentic: z.boolean().meta({ description: 'False: this server did not write it, or it was changed' }),
  })
  .meta({ id: 'AuditAct', title: 'AuditAct' });
export type AuditAct = z.infer<typeof AuditAct>;

/** Newest first. `next`, given as `before`, continues. */
export const AuditPage = z
  .object({
    items: z.array(AuditAct),
    next: z.int().nullable(),
    fault: z.string().nullable().meta({
      description: 'What is wrong with the chain: an act is missing, was changed or added, or an older state came back',
    }),
  })
  .meta({ id: 'AuditPage', title: 'AuditPage' });
export type AuditPage = z.infer<typeof AuditPage>;
