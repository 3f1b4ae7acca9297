import { allowListOf } from '../hosts/allow-list.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { destinationsOf } from './destinations.ts';
import type { Known } from './known.ts';

/** Where an action sends: nowhere, to listed places alone, or to one that nobody listed. */
export function reachOf(
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

/** Whether a pointer stands at one of these places, or below it; no list means everywhere. */
export const isAt = (pointer: string, places: readonly string[] | undefined): boolean =>
  places === undefined ||
  places.some(
    (place) => place === '' || pointer === place || pointer.startsWith(`${place}/`) || starred(pointer, place),
  );

const starred = (pointer: string, place: string): boolean => {
  if (!place.includes('*')) return false;
  const plain = pointer.replace(/\/\d+(?=\/|$)/g, '/*');
  return plain === place || plain.startsWith(`${place}/`);
};
