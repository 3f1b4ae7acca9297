import { z } from 'zod/v4';
import { described, guardrailRule, Window } from './rule.ts';

export const VelocityLimitRule = guardrailRule('velocity_limit', {
  key: described(
    z.enum(['project', 'service', 'action', 'agent', 'target']).optional(),
    'What is counted together. Default action',
  ),
  max: described(z.int().min(1).max(1_000_000), 'Calls allowed in one window'),
  window_s: Window,
});
