import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHARACTER_CLASSES, classesOf } from '../../../domain/firewall/text/character-classes.ts';

/** Each class as the pattern that it replaces. */
const PATTERNS: Record<keyof typeof CHARACTER_CLASSES, RegExp> = {
  nonAscii: /[^\x00-\x7f]/,
  marks: /[^A-Za-z0-9 _-]|__/,
  colon: /:/,
  at: /@/,
  dot: /\./,
  label: /\.[A-Za-z0-9-]/,
  slash: /[\\/]/,
  slashes: /\/\/|\\\\/,
  percent: /%/,
  question: /\?/,
  semicolon: /;/,
  bracket: /[([{<]/,
  quote: /"/,
  space: / /,
  control: /[\x00-\x1f\x7f]/,
  digit: /\d/,
  digits4: /(?:\d[^\d]*){4}/,
  digits6: /(?:\d[^\d]*){6}/,
  longRun: /[A-Za-z0-9_-]{16}/,
};

const pieces = fc.constantFrom(
  ...'a Z 7 _ - . : @ / \\ % ? ; ( [ { < > " \' = * $ é ： \u200b 😀 \0 \n \x7f'.split(' '),
  ' ',
  '\ud800',
  '169.254',
  'abcdefghijklmnopqrs',
);
const texts = fc.oneof(
  fc.array(pieces, { maxLength: 30 }).map((some) => some.join('')),
  fc.string({ unit: 'binary' }),
);

describe('one pass over a string finds the same classes as their patterns', () => {
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    test(name, () => {
      fc.assert(
        fc.property(texts, (text) => {
          expect((classesOf(text) & CHARACTER_CLASSES[name as keyof typeof CHARACTER_CLASSES]) !== 0).toBe(
            pattern.test(text),
          );
        }),
        { numRuns: 300 },
      );
    });
  }
});
