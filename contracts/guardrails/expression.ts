import { z } from 'zod/v4';
import { described, guardrailRule } from './rule.ts';

export const ExpressionRule = guardrailRule('expression', {
  cel: described(
    z.string().min(1).max(4_000),
    'CEL; true reports a finding. Sees service, action, payload, context, amounts, destinations',
  ),
  message: described(z.string().min(1).max(300).optional(), 'Sentence for the approver'),
});
