const ASCII = /^[\x00-\x7f]*$/;

/**
 * A URL as the platform's parser reads it. `canParse` is asked first, because an error costs ten times as much as a parse; but only about
 * ASCII: once it is compiled, that of Node 20 refuses every URL with a letter such as `ü`.
 */
export function parsedUrl(text: string): URL | undefined {
  if (ASCII.test(text)) return URL.canParse(text) ? new URL(text) : undefined;
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
