/** One reference token of a JSON Pointer (RFC 6901), escaped. */
export const pointerToken = (key: string | number): string => {
  const token = String(key);
  return token.includes('~') || token.includes('/') ? token.replaceAll('~', '~0').replaceAll('/', '~1') : token;
};

/** The JSON Pointer (RFC 6901) of a path; the empty pointer is the whole document. */
export const pointerOf = (path: readonly (string | number)[]): string =>
  path.map((key) => `/${pointerToken(key)}`).join('');

/**
 * The pointer of the deepest ancestor that still fits: a key may be as long as the body, and a refusal that repeats
 * it would hand the body back.
 */
export function boundedPointerOf(path: readonly (string | number)[], maxLength = 1_000): string {
  let pointer = '';
  for (const key of path) {
    const next = `${pointer}/${pointerToken(key)}`;
    if (next.length > maxLength) break;
    pointer = next;
  }
  return pointer;
}
