import { ContextTrust } from '../contracts/action.ts';

/** The option of every firewall bench. `full` is what a key of a host program gives its contexts. */
export const CONTEXT_TRUST_OPTION = { type: 'string', default: 'full' } as const;

/** @throws Error on anything else than the two. */
export function contextTrustOf(text: string): ContextTrust {
  const parsed = ContextTrust.safeParse(text);
  if (!parsed.success) throw new Error('--context-trust takes full or tighten_only');
  return parsed.data;
}
