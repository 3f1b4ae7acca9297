import { STEMS_OF, type Verbs } from '../parsing/action-verbs.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { Known } from './known.ts';
import { DELEGATES } from './patterns.ts';
import { DELEGATED_VERBS, NEVER_DELEGATED } from './words.ts';

/** Whether the trusted request asks for one of these verbs, or for the name of an action without a known verb. */
export function isRequested(action: ParsedAction, { verbs }: Verbs, known: Known): boolean {
  if (verbs.length > 0) return verbs.some((verb) => known.mentions([verb]) || known.mentions(STEMS_OF.get(verb) ?? []));
  return known.mentions(action.words.action.filter((word) => word.length >= 4).map((word) => word.slice(0, 7)));
}

/** Whether the request delegates to a text ("do what the mail says"), and the action may be delegated. */
export const isDelegated = (action: ParsedAction, { verbs }: Verbs, task: string | undefined): boolean =>
  task !== undefined &&
  verbs.some((verb) => DELEGATED_VERBS.has(verb)) &&
  !action.words.action.some((word) => NEVER_DELEGATED.has(word)) &&
  DELEGATES.test(task);
