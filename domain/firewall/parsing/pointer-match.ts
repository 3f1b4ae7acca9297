/** Whether a pointer is at or below one of these places. `*` matches any array index; without a list every pointer matches. */
export const isPointerIn = (pointer: string, places: readonly string[] | undefined): boolean =>
  places === undefined ||
  places.some(
    (place) => place === '' || pointer === place || pointer.startsWith(`${place}/`) || starred(pointer, place),
  );

const starred = (pointer: string, place: string): boolean => {
  if (!place.includes('*')) return false;
  const plain = pointer.replace(/\/\d+(?=\/|$)/g, '/*');
  return plain === place || plain.startsWith(`${place}/`);
};
