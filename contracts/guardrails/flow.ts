import { z } from 'zod/v4';
import { AppliesTo, described, guardrailRule } from './rule.ts';

export const FlowRule = guardrailRule('flow', {
  side_effects: described(
    z.array(AppliesTo).max(500).optional(),
    'Actions that change something outside, although their names do not show it',
  ),
  reads: described(
    z.array(AppliesTo).max(500).optional(),
    'Actions that change nothing, although their names suggest it',
  ),
});
