/** Properties of a string as bits, computed in one pass: an expensive step runs only on strings with the properties it needs. */
export const CHARACTER_CLASSES = {
  nonAscii: 1,
  /** Anything but letters, digits, spaces, `_` and `-`, or two `_` in a row. */
  marks: 1 << 1,
  colon: 1 << 2,
  at: 1 << 3,
  dot: 1 << 4,
  /** A dot before a letter, a digit or a hyphen, as between two labels of a name. */
  label: 1 << 5,
  slash: 1 << 6,
  /** Two slashes in a row, or two backslashes. */
  slashes: 1 << 7,
  percent: 1 << 8,
  question: 1 << 9,
  semicolon: 1 << 10,
  /** One of `([{<`. */
  bracket: 1 << 11,
  quote: 1 << 12,
  space: 1 << 13,
  /** A control character, line breaks included. */
  control: 1 << 14,
  digit: 1 << 15,
  /** At least four digits, as an IPv4 address has; at least six. */
  digits4: 1 << 16,
  digits6: 1 << 17,
  /** At least sixteen letters, digits, `_` and `-` in a row. */
  longRun: 1 << 18,
} as const;

/** Bits of each ASCII character; `LABEL` and `RUN` mark characters that can be part of one. */
const LABEL = 1 << 30;
const RUN = 1 << 29;
const OF_CHAR = Int32Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (/[0-9]/.test(char)) return CHARACTER_CLASSES.digit | LABEL | RUN;
  if (/[A-Za-z]/.test(char)) return LABEL | RUN;
  if (char === '-') return LABEL | RUN;
  if (char === '_') return RUN;
  if (char === ' ') return CHARACTER_CLASSES.space;
  if (code < 32 || code === 127) return CHARACTER_CLASSES.control | CHARACTER_CLASSES.marks;
  const own: Record<string, number> = {
    ':': CHARACTER_CLASSES.colon,
    '@': CHARACTER_CLASSES.at,
    '.': CHARACTER_CLASSES.dot,
    '/': CHARACTER_CLASSES.slash,
    '\\': CHARACTER_CLASSES.slash,
    '%': CHARACTER_CLASSES.percent,
    '?': CHARACTER_CLASSES.question,
    ';': CHARACTER_CLASSES.semicolon,
    '(': CHARACTER_CLASSES.bracket,
    '[': CHARACTER_CLASSES.bracket,
    '{': CHARACTER_CLASSES.bracket,
    '<': CHARACTER_CLASSES.bracket,
    '"': CHARACTER_CLASSES.quote,
  };
  return (own[char] ?? 0) | CHARACTER_CLASSES.marks;
});

const DOT = 0x2e;
const UNDERSCORE = 0x5f;

export function classesOf(text: string): number {
  let found = 0;
  let digits = 0;
  let run = 0;
  let longest = 0;
  let before = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 127) {
      found |= CHARACTER_CLASSES.nonAscii | CHARACTER_CLASSES.marks;
      run = 0;
      before = code;
      continue;
    }
    const own = OF_CHAR[code] as number;
    found |= own;
    if ((own & CHARACTER_CLASSES.digit) !== 0) digits += 1;
    if ((own & RUN) !== 0) {
      run += 1;
      if (run > longest) longest = run;
    } else run = 0;
    if (before === DOT) {
      if ((own & LABEL) !== 0) found |= CHARACTER_CLASSES.label;
    } else if (code === before) {
      if ((own & CHARACTER_CLASSES.slash) !== 0) found |= CHARACTER_CLASSES.slashes;
      else if (code === UNDERSCORE) found |= CHARACTER_CLASSES.marks;
    }
    before = code;
  }
  if (digits >= 4)
    found |= digits >= 6 ? CHARACTER_CLASSES.digits4 | CHARACTER_CLASSES.digits6 : CHARACTER_CLASSES.digits4;
  if (longest >= 16) found |= CHARACTER_CLASSES.longRun;
  return found & ~(LABEL | RUN);
}
