import { z } from 'zod/v4';
import { described, guardrailRule, Pointer, texts } from './rule.ts';

export const PrivilegeRule = guardrailRule('privilege', {
  extra_words: texts(200, 50, 'Further words that grant when a key of that name is switched on'),
  extra_roles: texts(200, 100, 'Further roles that count as administrator'),
  exempt_pointers: described(z.array(Pointer).max(200).optional(), 'Places that are not judged; array indices as *'),
});
