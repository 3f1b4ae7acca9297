import { codePointName, INVISIBLE, withInvisibleNamed } from '../../domain/invisible-characters.ts';

/** Text that is markup already: made by `html` alone, so that nothing else reaches a page unescaped. */
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
 * A piece of a page. Every value is escaped, for text as for a quoted attribute, and what cannot be seen in it is written
 * out as `U+202E`; only what `html` made itself goes in as it is. Arrays are joined; false, null and undefined are nothing.
 */
export const html = (strings: TemplateStringsArray, ...values: Inserted[]): Markup =>
  new Markup(strings.reduce((page, part, index) => page + rendered(values[index - 1]) + part));

/**
 * For text of an agent between two tags: the marks stand out, so that nobody takes a written `U+202E` for a real one. One
 * element a run: a text of nothing else must not become a page of ten times its size.
 */
export const marked = (text: string): Markup =>
  new Markup(
    entities(text).replace(
      INVISIBLE_RUN,
      (run) => `<span class="unseen">${Array.from(run, codePointName).join(' ')}</span>`,
    ),
  );

/** JSON for a text field: the same to a parser, and what cannot be seen is written as `\u202e`. Line breaks stay. */
export const editable = (text: string): Markup =>
  new Markup(
    entities(
      text.replace(INVISIBLE, (char) => (LINE_BREAKS.test(char) ? char : char === '\r' ? '' : hexEscapes(char))),
    ),
  );

/** Prose that a person wrote: escaped like all else, with its line breaks. */
export const prose = (text: string): Markup =>
  new Markup(
    entities(
      text.replace(INVISIBLE, (char) => (LINE_BREAKS.test(char) ? char : char === '\r' ? '' : codePointName(char))),
    ),
  );
