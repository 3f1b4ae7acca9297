import { z } from 'zod/v4';
import { described, guardrailRule, Pointers } from './rule.ts';

export const PII_ENTITIES = ['card', 'iban', 'national_id', 'email', 'phone'] as const;

export const PiiScannerRule = guardrailRule('pii_scanner', {
  entities: described(
    z.array(z.enum(PII_ENTITIES)).max(10).optional(),
    'What to look for. Default card, iban, national_id',
  ),
  pointers: described(Pointers, 'Places to read, with everything below them. Default: all'),
  only_to_unknown: described(
    z.boolean().optional(),
    'Default true: medium only when the call reaches an unlisted destination, else low',
  ),
});
