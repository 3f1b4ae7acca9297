/** One reference token of a JSON Pointer (RFC 6901), escaped. */
export const pointerToken = (key: PropertyKey): string => {
  const token = String(key);
  return token.includes('~') || token.includes('/') ? token.replaceAll('~', '~0').replaceAll('/', '~1') : token;
};

/** The JSON Pointer (RFC 6901) of a path; the empty pointer is the whole document. */
export const pointerOf = (path: readonly PropertyKey[]): string => path.map((key) => `/${pointerToken(key)}`).join('');

/** The keys of a JSON Pointer, unescaped. An index into an array stays text. */
export const keysOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

/**
 * The pointer of the deepest ancestor within `maxLength` characters. A key may be as long as the body, and a refusal
 * must not repeat the body.
 */
export function boundedPointerOf(path: readonly PropertyKey[], maxLength = 1_000): string {
  let pointer = '';
  for (const key of path) {
    const next = `${pointer}/${pointerToken(key)}`;
    if (next.length > maxLength) break;
    pointer = next;
  }
  return pointer;
}
