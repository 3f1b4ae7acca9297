import { z } from 'zod/v4';
import { Text } from '../text.ts';
import { described, guardrailRule, Minor, Pointer, Window } from './rule.ts';

export const CostGuardRule = guardrailRule('cost_guard', {
  amount_pointer: described(Pointer.optional(), 'Where the amount is, an integer in minor units'),
  currency: described(Text.regex(/^[A-Z]{3}$/).optional(), 'Currency that the call must name, if it names one'),
  per_call: described(Minor.optional(), 'Most of one call'),
  per_window: described(Minor.optional(), 'Most of all calls of a window, and of those to one target'),
  window_s: described(Window.optional(), 'Default 86400'),
  max_bytes: described(z.int().min(1).optional(), 'Size of the payload as canonical JSON'),
});
