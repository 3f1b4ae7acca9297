import { z } from 'zod/v4';
import { Text } from '../text.ts';
import { described, guardrailRule, Pointer, texts } from './rule.ts';

export const PatternScannerRule = guardrailRule('pattern_scanner', {
  pointer: described(Pointer.optional(), 'Place to read, with everything below it. Default: all'),
  pattern: described(Text.min(1).max(1_000).optional(), 'RE2: no look-around, no back-reference, no count above 1000'),
  values: texts(1_000, 1_000, 'Whole values to find, instead of a pattern'),
  case: described(z.enum(['exact', 'ignore']).optional(), 'Default exact'),
  negate: described(z.boolean().optional(), 'Default false. True reports the values that do not match'),
  message: described(Text.min(1).max(300).optional(), 'Sentence for the approver'),
});
