/**
 * Characters that a person does not see or that a terminal or browser obeys: controls, formats (direction marks, zero
 * widths), lone surrogates, line and paragraph separators, everything that Unicode calls default-ignorable (fillers,
 * variation selectors, tags), and the blank Braille pattern. U+FE0F behind an emoji is left out: it only selects the
 * picture. The one table for evidence, page, terminal and comparison; global, so use it with `replace` alone.
 */
export const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u2800]|(?!(?<=\p{Emoji})\uFE0F)\p{Default_Ignorable_Code_Point}/gu;

/** `U+202E`. */
export const codePointName = (char: string): string =>
  `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** The text with every invisible character written out as `U+202E`. */
export const withInvisibleNamed = (text: string): string => text.replace(INVISIBLE, codePointName);

/** What Unicode lets a program leave out when it draws text: undone before words are compared. */
export const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * Control characters without the white space that separates words. A parser in C ends at a NUL, a shell deletes it, and other
 * programs keep it, so an attacker who writes one chooses which of them reads the text.
 */
export const CONTROL = /[\x00-\x08\x0e-\x1f\x7f-\x9f]/g;

/** Eight or more characters without a width in a row: enough to carry a message. */
export const ZERO_WIDTH_RUN = /(?:[\u200b\u200c\u2060-\u2064\ufeff]|[\u{E0100}-\u{E01EF}]|[\ufe00-\ufe0f]){8,}/u;
/** Characters that mirror ASCII and are never drawn; in the flag of a region they are legitimate. */
export const TAG_CHARACTER = /[\u{E0001}\u{E0020}-\u{E007F}]/u;
export const REGION_FLAG = /\u{1F3F4}[\u{E0020}-\u{E007E}]{1,10}\u{E007F}/gu;
/** Marks that draw letters in another order than they are stored; no language needs them. */
export const DIRECTION_OVERRIDE = /[\u202d\u202e]/;
