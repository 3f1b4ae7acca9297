import { list, STEMS_OF, type Verbs } from '../parsing/action-verbs.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { Known } from './known.ts';

/** Whether the trusted request asks for one of these verbs, or for what an action without a known one is called. */
export function isRequested(action: ParsedAction, { verbs }: Verbs, known: Known): boolean {
  if (verbs.length > 0) return verbs.some((verb) => known.mentions([verb]) || known.mentions(STEMS_OF.get(verb) ?? []));
  return known.mentions(action.words.action.filter((word) => word.length >= 4).map((word) => word.slice(0, 7)));
}

/** What a request that hands over to a text ("do what the mail says") can be taken at its word for: nothing it could not undo. */
const MILD = new Set(
  list(
    'send email message dm notify reply post publish comment announce create add write draft append schedule reschedule update mark set',
  ),
);
const GRAVE = new Set(
  list(
    'delete remove cancel pay transfer refund wire withdraw money payment payments funds buy purchase sell trade grant give share invite execute run disable unlock password passwords permission permissions role roles credential credentials access',
  ),
);
const HANDS_OVER =
  /\b(?:do|perform|complete|follow|carry out|execute|finish|handle|take care of)\b[^.!?\n]{0,60}\b(?:tasks?|to-?dos?|instructions?|steps|actions?|requests?|items)\b/i;

/** Whether the request leaves it to some text what to do, and the action is one it can mean by that. */
export const isDelegated = (action: ParsedAction, { verbs }: Verbs, task: string | undefined): boolean =>
  task !== undefined &&
  verbs.some((verb) => MILD.has(verb)) &&
  !action.words.action.some((word) => GRAVE.has(word)) &&
  HANDS_OVER.test(task);
