import { z } from 'zod/v4';
import { described, guardrailRule, texts } from './rule.ts';

export const DestinationRule = guardrailRule('destination', {
  allowed: texts(
    1_000,
    320,
    'Domains, mail addresses, accounts and names an action may send to, in addition to those of the policy',
  ),
  public_mail_exact: described(
    z.boolean().optional(),
    'Default true: at a public mail provider only a whole address counts',
  ),
  max_new: described(z.int().min(0).max(1_000).optional(), 'Unknown destinations allowed in one call. Default 0'),
});
