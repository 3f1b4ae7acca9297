import type { RequestHandler } from 'express';
import { ActionContext } from '../../contracts/action.ts';
import { DomainError } from '../../domain/errors.ts';
import { parseGuarded } from '../../domain/json/guard.ts';
import { joinedContext } from '../../domain/policy/joined-context.ts';

const HEADER = 'X-Letsping-Context';
const decoder = new TextDecoder('utf-8', { fatal: true });

const refused = (reason: string) =>
  new DomainError('invalid_request', `${HEADER}: ${reason}`, { errors: [{ pointer: '/context', detail: reason }] });

/** Header values arrive as Latin-1, a character per byte. */
function textOf(header: string): string {
  try {
    return decoder.decode(Buffer.from(header, 'latin1'));
  } catch {
    throw refused('it is not UTF-8; JSON may write other letters as \\u escapes.');
  }
}

/**
 * What the host program says of a call in a header, for clients whose protocol has no place for it: JSON of an `ActionContext`,
 * joined with the body's. A repeat under the same Idempotency-Key has to say the same.
 */
export const actionContext: RequestHandler = (req, res, next) => {
  const header = req.get(HEADER);
  if (header === undefined) {
    next();
    return;
  }
  const text = textOf(header);
  const guarded = parseGuarded(text);
  if (!guarded.ok) throw refused(guarded.reason.replace(/^The body/, 'it'));
  const parsed = ActionContext.safeParse(guarded.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(`${issue?.path.length ? `/${issue.path.join('/')}: ` : ''}${issue?.message ?? 'it is no context'}`);
  }
  res.locals.host_context = parsed.data;
  res.locals.body_text = `${res.locals.body_text as string}\n${text}`;
  next();
};

/** The body's context and the header's, as one. */
export const contextWith = (
  body: ActionContext | undefined,
  locals: Record<string, unknown>,
): ActionContext | undefined =>
  locals['host_context'] === undefined ? body : joinedContext(body, locals['host_context'] as ActionContext);
