/** Free of zod: the workflow sandbox reads it too. */
export const DECISION_TYPES = ['approve', 'patch', 'reject'] as const;
export type DecisionType = (typeof DECISION_TYPES)[number];
