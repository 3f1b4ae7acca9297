import { z } from 'zod/v4';
import type { Limits } from '../domain/limits/limits.ts';

const MOST = 1_000_000_000;
const OFF = 'off';

/** `0` is refused: whether it means none or no limit differs from product to product. */
const Limit = (example: number) => {
  const wanted = `must be a whole number from 1 to ${MOST}, or \`${OFF}\` for no limit, for example ${example}`;
  return z
    .string()
    .regex(/^(?:off|[1-9]\d{0,9})$/, wanted)
    .transform((text) => (text === OFF ? Number.POSITIVE_INFINITY : Number(text)))
    .refine((limit) => limit === Number.POSITIVE_INFINITY || limit <= MOST, wanted)
    .default(example);
};

/** The variables of the limits, with their defaults. */
export const LIMIT_VARIABLES = {
  LETSPING_LIMIT_REQUESTS_PER_KEY: Limit(6_000),
  LETSPING_LIMIT_REQUESTS_PER_PROJECT: Limit(30_000),
  LETSPING_LIMIT_PENDING_PER_KEY: Limit(5_000),
  LETSPING_LIMIT_PENDING_PER_PROJECT: Limit(50_000),
  LETSPING_LIMIT_STREAMS_PER_KEY: Limit(100),
  LETSPING_LIMIT_STREAMS_PER_PROJECT: Limit(1_000),
  LETSPING_LIMIT_HELD_READS_PER_KEY: Limit(1_000),
  LETSPING_LIMIT_HELD_READS_PER_PROJECT: Limit(5_000),
  LETSPING_LIMIT_UPLOADS_PER_KEY: Limit(20),
  LETSPING_LIMIT_UPLOADS_PER_PROJECT: Limit(100),
  LETSPING_LIMIT_FAILED_SIGN_INS_PER_ADDRESS: Limit(120),
  LETSPING_LIMIT_FAILED_SIGN_INS_PER_KEY: Limit(30),
};

type Given = { [Name in keyof typeof LIMIT_VARIABLES]: number };

export const limitsFrom = (e: Given): Limits => ({
  requests: { per_key: e.LETSPING_LIMIT_REQUESTS_PER_KEY, per_project: e.LETSPING_LIMIT_REQUESTS_PER_PROJECT },
  pending: { per_key: e.LETSPING_LIMIT_PENDING_PER_KEY, per_project: e.LETSPING_LIMIT_PENDING_PER_PROJECT },
  streams: { per_key: e.LETSPING_LIMIT_STREAMS_PER_KEY, per_project: e.LETSPING_LIMIT_STREAMS_PER_PROJECT },
  held_reads: { per_key: e.LETSPING_LIMIT_HELD_READS_PER_KEY, per_project: e.LETSPING_LIMIT_HELD_READS_PER_PROJECT },
  uploads: { per_key: e.LETSPING_LIMIT_UPLOADS_PER_KEY, per_project: e.LETSPING_LIMIT_UPLOADS_PER_PROJECT },
  failed_sign_ins: {
    per_address: e.LETSPING_LIMIT_FAILED_SIGN_INS_PER_ADDRESS,
    per_key: e.LETSPING_LIMIT_FAILED_SIGN_INS_PER_KEY,
  },
});
