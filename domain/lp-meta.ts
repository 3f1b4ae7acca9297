/**
 * Removes `_lp_meta`, which the published Node client adds to every call. It describes the sender and is not an argument of
 * the action, so schema, guardrails, digest and preview do not see it.
 */
export function withoutLpMeta(payload: Record<string, unknown>): Record<string, unknown> {
  if (!Object.hasOwn(payload, '_lp_meta')) return payload;
  return Object.fromEntries(Object.entries(payload).filter(([key]) => key !== '_lp_meta'));
}
