import { z } from 'zod/v4';
import { described, guardrailRule, texts } from './rule.ts';

export const SqlRule = guardrailRule('sql', {
  allow_verbs: texts(50, 30, 'Verbs that may run, as select, insert. Default: all that are not destructive'),
  allowed_relations: texts(1_000, 130, 'Tables that may be named. Default: any'),
  require_where: described(z.boolean().optional(), 'Default true: UPDATE and DELETE need a WHERE that bounds them'),
  max_statements: described(z.int().min(1).max(100).optional(), 'Statements in one text. Default 1'),
});
