import { SECRET_SHAPES } from './secret-shapes.ts';

/** Any of the prefixes; most texts have none. */
const MARKED = new RegExp(SECRET_SHAPES.map(([, mark]) => mark.source).join('|'), 'i');

export interface Secret {
  kind: string;
  text: string;
}

/** The first secret of each kind in a text. */
export function secretsIn(text: string): Secret[] {
  const found: Secret[] = [];
  if (!MARKED.test(text)) return found;
  for (const [kind, mark, shape] of SECRET_SHAPES) {
    if (!mark.test(text)) continue;
    const [hit] = shape.exec(text) ?? [];
    if (hit !== undefined) found.push({ kind, text: hit });
  }
  return found;
}

/** The part of a secret that may be shown: its start and its length. */
export const redacted = (text: string): string => `${text.slice(0, 4)}… (${text.length} characters)`;
