import { z } from 'zod/v4';
import { described, guardrailRule, texts } from './rule.ts';

export const SecretScannerRule = guardrailRule('secret_scanner', {
  extra_patterns: texts(50, 1_000, 'Further patterns (RE2)'),
  only_to_unknown: described(
    z.boolean().optional(),
    'Default true: medium or more only when the call reaches an unlisted destination, else low',
  ),
});
