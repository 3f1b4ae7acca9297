import { z } from 'zod/v4';
import { described, guardrailRule, Minor, Pointer, texts, Window } from './rule.ts';

export const MoneyRule = guardrailRule('money', {
  currencies: texts(200, 3, 'ISO 4217 codes an amount may have. Default: any known one'),
  per_call: described(Minor.optional(), 'Most that one call may move, in minor units'),
  per_window: described(
    Minor.optional(),
    'Most that the calls of a window may move together, in minor units; needs earlier calls',
  ),
  window_s: described(Window.optional(), 'Length of the window. Default 86400'),
  original_pointer: described(Pointer.optional(), 'Where the original charge is: a refund may not exceed it'),
  amounts_in: described(z.enum(['minor', 'major']).optional(), 'Unit of amounts in payloads. Default minor'),
});
