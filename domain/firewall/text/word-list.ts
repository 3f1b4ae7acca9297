/** A list of words, written with white space between them. */
export const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** The words as one group of a regular expression. */
export const anyOf = (list: Iterable<string>): string =>
  `(?:${[...list].map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`;
