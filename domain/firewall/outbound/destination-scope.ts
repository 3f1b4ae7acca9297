import { allowListOf } from '../hosts/allow-list.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { destinationsOf } from './destinations.ts';
import type { Known } from './known.ts';

/** Where an action sends: nowhere, only to listed destinations, or to an unlisted one. */
export function scopeOf(
  action: ParsedAction,
  context: { readonly allowed_domains: readonly string[]; readonly known: Known },
): 'nowhere' | 'known' | 'unknown' {
  const found = destinationsOf(action);
  if (found.length === 0) return 'nowhere';
  const allowed = allowListOf(context.allowed_domains);
  const known = found.every((one) =>
    one.kind === 'email' ? allowed.email(one.raw, one.host) || context.known.names(one.raw) : allowed.host(one.host),
  );
  return known ? 'known' : 'unknown';
}
