import { z } from 'zod/v4';
import { described, guardrailRule, Window } from './rule.ts';

export const LoopBreakerRule = guardrailRule('loop_breaker', {
  match: described(
    z.enum(['exact', 'skeleton']).optional(),
    'exact: the same payload; skeleton: the same shape. Default exact',
  ),
  max_repeats: described(z.int().min(1).max(10_000).optional(), 'Default 20'),
  window_s: described(Window.optional(), 'Default 60'),
});
