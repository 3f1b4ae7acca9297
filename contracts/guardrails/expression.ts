import { Text } from '../text.ts';
import { described, guardrailRule } from './rule.ts';

export const ExpressionRule = guardrailRule('expression', {
  cel: described(
    Text.min(1).max(4_000),
    'CEL; true reports a finding. Sees service, action, payload, context, amounts, destinations',
  ),
  message: described(Text.min(1).max(300).optional(), 'Sentence for the approver'),
});
