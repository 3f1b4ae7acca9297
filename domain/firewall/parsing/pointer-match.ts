import { visible } from '../text/confusables.ts';

/**
 * Whether a pointer is at or below one of these places. `*` matches any array index; without a list every pointer matches. Keys
 * are compared without invisible characters: with one in its key, a value must not leave the place that a rule judges.
 */
export function isPointerIn(sent: string, places: readonly string[] | undefined): boolean {
  if (places === undefined) return true;
  const pointer = visible(sent);
  return places.some(
    (place) => place === '' || pointer === place || pointer.startsWith(`${place}/`) || starred(pointer, place),
  );
}

const starred = (pointer: string, place: string): boolean => {
  if (!place.includes('*')) return false;
  const plain = pointer.replace(/\/\d+(?=\/|$)/g, '/*');
  return plain === place || plain.startsWith(`${place}/`);
};
