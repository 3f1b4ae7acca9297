import type { Action } from '../../../contracts/action.ts';
import { withoutLpMeta } from '../../lp-meta.ts';
import { wordsOf } from '../text/tokenizer.ts';
import { type NormalisedInput, normalise } from './normalised-input.ts';
import { NO_ROLE, type ParsedAction, type RoleAt } from './parsed-action.ts';
import { typedValuesOf } from './typed-values.ts';

/** Types all values of an action, including encoded layers; reports what was not read. */
export function parseAction(
  action: Action,
  roleAt: RoleAt = NO_ROLE,
): { parsed: ParsedAction; unread: NormalisedInput['unread']; complete: boolean } {
  const payload = withoutLpMeta(action.payload);
  const { leaves, unread } = normalise(payload);
  const { values, complete } = typedValuesOf(leaves);
  const { service, action: name } = action;
  const words = { service: wordsOf(service), action: wordsOf(name) };
  return { parsed: { service, action: name, words, payload, leaves, values, roleAt }, unread, complete };
}
