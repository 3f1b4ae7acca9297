import { z } from 'zod/v4';
import { AppliesTo, described, guardrailRule } from './rule.ts';

export const UnknownActionRule = guardrailRule('unknown_action', {
  known: described(z.array(AppliesTo).min(1).max(1_000), 'Every action of the project; any other is reported'),
});
