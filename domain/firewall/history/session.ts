import type { Action, ActionContext } from '../../../contracts/action.ts';
import type { Screening } from '../../../contracts/verdict.ts';

/** What a sequence of calls has read so far. Labels are only added; a new session starts without them. */
export interface Session {
  readonly untrusted?: boolean;
  readonly private?: boolean;
  readonly allowed_domains: readonly string[];
  readonly known_recipients: readonly string[];
  readonly task?: string;
  /** The last `service/action` pairs. */
  readonly history: readonly string[];
}

export const NEW_SESSION: Session = { allowed_domains: [], known_recipients: [], history: [] };

const MAX_HISTORY = 100;
const MAX_NAMES = 200;

/** The context of the next call: of each label the worse of session and call, and the names that either lists as known. */
export function contextIn(session: Session, declared: ActionContext): ActionContext {
  const untrusted = session.untrusted || declared.untrusted === true ? true : (declared.untrusted ?? session.untrusted);
  const task = declared.task ?? session.task;
  const history = declared.history ?? session.history;
  return {
    ...declared,
    ...(untrusted !== undefined && { untrusted }),
    ...((session.private || declared.private) && { private: true }),
    ...(task !== undefined && { task }),
    ...joined('allowed_domains', session, declared),
    ...joined('known_recipients', session, declared),
    ...(history.length > 0 && { history: [...history] }),
  };
}

/** A call's context with the labels of the earlier calls of its session. Nothing else is taken from them, so the verdict can only get stricter. */
export const underLabels = (declared: ActionContext, earlier: readonly ActionContext[]): ActionContext => ({
  ...declared,
  ...(earlier.some((one) => one.untrusted === true) && { untrusted: true }),
  ...(earlier.some((one) => one.private === true) && { private: true }),
});

function joined(
  list: 'allowed_domains' | 'known_recipients',
  session: Session,
  declared: ActionContext,
): Partial<Pick<ActionContext, 'allowed_domains' | 'known_recipients'>> {
  const all = [...new Set([...session[list], ...(declared[list] ?? [])])].slice(0, MAX_NAMES);
  return all.length > 0 ? { [list]: all } : {};
}

/**
 * The session after a call, given the context it was judged with. The agent never saw what a blocked call would have read. A held
 * call counts as run, since a person may approve it.
 *
 * @example
 * let session = NEW_SESSION;
 * for (const { action, declared } of steps) {
 *   const context = contextIn(session, declared);
 *   const screening = screenAction(action, context, policy);
 *   session = sessionAfter(session, action, context, screening);
 * }
 */
export function sessionAfter(session: Session, action: Action, context: ActionContext, screening: Screening): Session {
  const ran = screening.verdict !== 'block';
  return {
    ...session,
    ...(context.untrusted !== undefined && { untrusted: context.untrusted }),
    ...(context.private !== undefined && { private: context.private }),
    ...(context.task !== undefined && { task: context.task }),
    allowed_domains: context.allowed_domains ?? session.allowed_domains,
    known_recipients: context.known_recipients ?? session.known_recipients,
    history: ran ? [...session.history, `${action.service}/${action.action}`].slice(-MAX_HISTORY) : session.history,
  };
}
