import { z } from 'zod/v4';
import { described, guardrailRule } from './rule.ts';

export const SemanticLoopRule = guardrailRule('semantic_loop', {
  threshold: described(
    z.number().min(0.5).max(1).optional(),
    'Similarity from which two calls count as one. Default 0.9',
  ),
  max_repeats: described(z.int().min(1).max(1_000).optional(), 'Similar calls allowed. Default 5'),
  window: described(z.int().min(1).max(1_000).optional(), 'Earlier calls that are compared. Default 20'),
});
