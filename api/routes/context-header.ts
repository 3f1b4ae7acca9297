import { z } from 'zod/v4';
import { ActionContext } from '../../contracts/action.ts';
import { DomainError } from '../../domain/errors.ts';
import { parseGuarded } from '../../domain/json/guard.ts';
import { pointerOf } from '../../domain/json/pointer.ts';

export const CONTEXT_HEADER = 'X-Letsping-Context';
const decoder = new TextDecoder('utf-8', { fatal: true });

const refused = (reason: string) =>
  new DomainError('invalid_request', `${CONTEXT_HEADER}: ${reason}`, {
    errors: [{ pointer: '/context', detail: reason }],
  });

/** Header values arrive as Latin-1, one character per byte. */
function textOf(header: string): string {
  try {
    return decoder.decode(Buffer.from(header, 'latin1'));
  } catch {
    throw refused('it is not UTF-8; JSON may write other letters as \\u escapes.');
  }
}

function contextOf(header: string): ActionContext {
  const guarded = parseGuarded(textOf(header));
  if (!guarded.ok) throw refused(guarded.reason.replace(/^The body/, 'it'));
  const parsed = ActionContext.safeParse(guarded.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refused(`${issue?.path.length ? `${pointerOf(issue.path)}: ` : ''}${issue?.message ?? 'it is no context'}`);
}

/**
 * The host program's context of a call, for clients whose protocol has no place for it in the body.
 * @throws DomainError `invalid_request`
 */
export const ContextHeader = z.string().transform(contextOf).meta({
  description:
    'JSON of an ActionContext, joined with the one in the body. A repeat under one Idempotency-Key sends the same',
});
