import type { ActionContext } from '../../contracts/action.ts';

/**
 * Joins two contexts of one call. Of each label the worse counts. Of the names that both list as known, those in both lists count;
 * if only one has a list, that list counts. The first context's task, history and place in a graph take precedence.
 *
 * @example
 * joinedContext({ untrusted: false }, { untrusted: true, allowed_domains: ['yourco.example'] });
 * // { untrusted: true, allowed_domains: ['yourco.example'] }
 */
export function joinedContext(one: ActionContext | undefined, other: ActionContext | undefined): ActionContext {
  if (!one || !other) return one ?? other ?? {};
  return {
    ...other,
    ...given(one),
    ...label('untrusted', one, other),
    ...label('private', one, other),
    ...inBoth('allowed_domains', one, other),
    ...inBoth('known_recipients', one, other),
  };
}

/** An undefined member counts as absent. */
const given = (context: ActionContext): ActionContext =>
  Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined)) as ActionContext;

function label(name: 'untrusted' | 'private', one: ActionContext, other: ActionContext): ActionContext {
  if (one[name] === undefined && other[name] === undefined) return {};
  return { [name]: one[name] === true || other[name] === true };
}

function inBoth(name: 'allowed_domains' | 'known_recipients', one: ActionContext, other: ActionContext): ActionContext {
  const [mine, theirs] = [one[name], other[name]];
  if (!mine || !theirs) return {};
  const named = new Set(theirs);
  return { [name]: mine.filter((entry) => named.has(entry)) };
}
