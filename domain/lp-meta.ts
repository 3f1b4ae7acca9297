/**
 * The payload without `_lp_meta`, which the published Node client adds to every call: facts about the sender, no
 * argument of the action. It is taken off before schema, guardrails, digest and preview alike.
 */
export function withoutLpMeta(payload: Record<string, unknown>): Record<string, unknown> {
  if (!Object.hasOwn(payload, '_lp_meta')) return payload;
  return Object.fromEntries(Object.entries(payload).filter(([key]) => key !== '_lp_meta'));
}
