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

/**
 * What an eye does not see or a browser would obey: controls, direction marks, zero widths, blanks that are letters, lone
 * surrogates. U+FE0F stays: it only makes a sign an emoji.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u2800]|(?!\uFE0F)\p{DI}/gu;
const UNSEEN_RUN = new RegExp(`(?:${UNSEEN.source})+`, 'gu');
const LINE_BREAKS = /[\n\t]/;

const entities = (text: string) => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
const named = (char: string) => `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
const hexEscapes = (char: string) =>
  char.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

function rendered(value: Inserted): string {
  if (value === false || value === null || value === undefined) return '';
  if (value instanceof Markup) return value.toString();
  if (typeof value === 'object') return value.map(rendered).join('');
  return entities(String(value).replace(UNSEEN, named));
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
    entities(text).replace(UNSEEN_RUN, (run) => `<span class="unseen">${Array.from(run, named).join(' ')}</span>`),
  );

/** JSON for a text field: the same to a parser, and what cannot be seen is written as `\u202e`. Line breaks stay. */
export const editable = (text: string): Markup =>
  new Markup(
    entities(text.replace(UNSEEN, (char) => (LINE_BREAKS.test(char) ? char : char === '\r' ? '' : hexEscapes(char)))),
  );

/** Prose that a person wrote: escaped like all else, with its line breaks. */
export const prose = (text: string): Markup =>
  new Markup(
    entities(text.replace(UNSEEN, (char) => (LINE_BREAKS.test(char) ? char : char === '\r' ? '' : named(char)))),
  );
