import { z } from 'zod/v4';
import { PayloadDigest } from './json.ts';

export const ClaimToken = z
  .string()
  .regex(/^[\w-]{32,128}$/, 'a claim token has 32 to 128 characters of A–Z, a–z, 0–9, - and _')
  .meta({ description: 'Random text of the process that acts. The same text names the same claim' });

export const PERMIT_STATES = ['free', 'claimed', 'done', 'not_run', 'unknown'] as const;
/**
 * `free`: nobody claimed it. `claimed`: a process acts. `done`: it has acted. `not_run`: it did not act, and the permit is free again.
 * `unknown`: the effect failed, or the claimant is silent; it may have acted.
 */
export const PermitState = z.enum(PERMIT_STATES);
export type PermitState = z.infer<typeof PermitState>;

/** How a claimant says that its claim ended. */
export const ClaimEnd = z.enum(['done', 'not_run', 'failed']);
export type ClaimEnd = z.infer<typeof ClaimEnd>;

/** How a person closes an unknown result. */
export const ClosedAs = z.enum(['done', 'not_run']);
export type ClosedAs = z.infer<typeof ClosedAs>;

/** The permit of an approved request. Members of the claim are null while the permit was never claimed. */
export const Permit = z
  .object({
    state: PermitState,
    attempt: z.int().nonnegative().meta({ description: 'How often it was claimed' }),
    claimed_by: z.string().nullable(),
    claimed_at: z.string().nullable(),
    retryable: z.boolean(),
    unknown_after: z.string().nullable().meta({ description: 'When a claim without a word counts as unknown' }),
    ended: ClaimEnd.nullable(),
    ended_at: z.string().nullable(),
    closed_as: ClosedAs.nullable(),
    closed_by: z.string().nullable(),
    closed_at: z.string().nullable(),
  })
  .meta({ id: 'Permit', title: 'Permit' });
export type Permit = z.infer<typeof Permit>;

export const ClaimBody = z
  .strictObject({
    payload_digest: PayloadDigest,
    retryable: z.boolean().default(false).meta({
      description: "The effect uses the request's id as its idempotency key, so an unknown result may be claimed again",
    }),
  })
  .meta({ id: 'ClaimBody', title: 'ClaimBody' });
export type ClaimBody = z.infer<typeof ClaimBody>;

export const Claim = z
  .object({
    attempt: z.int().positive(),
    token_sha256: z.string().meta({ description: 'SHA-256 of the claim token, hex: whose claim this is' }),
    claimed_by: z.string(),
    claimed_at: z.string(),
    unknown_after: z.string(),
  })
  .meta({ id: 'Claim', title: 'Claim' });
export type Claim = z.infer<typeof Claim>;

export const ClaimAnswer = z
  .object({ id: z.string(), payload_digest: PayloadDigest, claim: Claim })
  .meta({ id: 'ClaimAnswer', title: 'ClaimAnswer' });
export type ClaimAnswer = z.infer<typeof ClaimAnswer>;

export const EndClaimBody = z.strictObject({ ended: ClaimEnd }).meta({ id: 'EndClaimBody', title: 'EndClaimBody' });
export type EndClaimBody = z.infer<typeof EndClaimBody>;

export const ClosePermitBody = z
  .strictObject({
    closed_as: ClosedAs,
    attempt: z.int().positive().meta({ description: 'The claim that the person looked into' }),
  })
  .meta({ id: 'ClosePermitBody', title: 'ClosePermitBody' });
export type ClosePermitBody = z.infer<typeof ClosePermitBody>;

export const PermitAnswer = z
  .object({ id: z.string(), permit: Permit })
  .meta({ id: 'PermitAnswer', title: 'PermitAnswer' });
export type PermitAnswer = z.infer<typeof PermitAnswer>;
