import { codePointName, INVISIBLE, withInvisibleNamed } from '../../domain/invisible-characters.ts';

/** Finished markup. Only `html` creates it, so that nothing else reaches a page unescaped. */
class Markup {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}

export type { Markup };
export type Inserted = Markup | string | number | false | null | undefined | readonly Inserted[];

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const INVISIBLE_RUN = new RegExp(`(?:${INVISIBLE.source})+`, 'gu');
const LINE_BREAKS = /[\n\t]/;

const entities = (text: string) => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
const hexEscapes = (char: string) =>
  char.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

function rendered(value: Inserted): string {
  if (value === false || value === null || value === undefined) return '';
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'object') return value.map(rendered).join('');
  return entities(withInvisibleNamed(String(value)));
}

/**
 * A part of a page. Every value is escaped, for text and for quoted attributes, and invisible characters are printed as
 * `U+202E`; only markup from `html` is inserted unchanged. Arrays are joined; false, null and undefined become empty.
 */
export const html = (strings: TemplateStringsArray, ...values: Inserted[]): Markup =>
  new Markup(strings.reduce((page, part, index) => page + rendered(values[index - 1]) + part));

/** What the build rendered from this repository's own documents. Nothing that a caller sent may come here. */
export const ofDocument = (markup: string): Markup => new Markup(markup);

/**
 * For text of an agent between two tags: the printed code points are highlighted, so that a literal `U+202E` cannot be
 * confused with one. One element per run, because a text of such characters only would otherwise grow tenfold.
 */
export const marked = (text: string): Markup =>
  new Markup(
    entities(text).replace(
      INVISIBLE_RUN,
      (run) => `<span class="unseen">${Array.from(run, codePointName).join(' ')}</span>`,
    ),
  );

/** JSON for a text field: parses to the same value, with invisible characters written as `\u202e`. Line breaks stay. */
export const editable = (text: string): Markup =>
  new Markup(
    entities(
      text.replace(INVISIBLE, (char) => (LINE_BREAKS.test(char) ? char : char === '\r' ? '' : hexEscapes(char))),
    ),
  );

/** Text that a person wrote: escaped like everything else, but with its line breaks. */
export const prose = (text: string): Markup =>
  new Markup(
    entities(
      text.replace(INVISIBLE, (char) => (LINE_BREAKS.test(char) ? char : char === '\r' ? '' : codePointName(char))),
    ),
  );
