/**
 * Names the process that claims a permit: random text that it makes, and sends with each of its calls about the claim. A header, so that a
 * repeat under an `Idempotency-Key` that several processes share is the same call, and still no claim of the second process. Free of
 * zod, so that the client stays small.
 */
export const CLAIM_HEADER = 'X-Letsping-Claim';
