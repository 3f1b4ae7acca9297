import type { ParsedAction } from './parsed-action.ts';
import { CHANGING_VERBS, READING_VERBS, VERB_KEYS } from './words.ts';

export const STEMS_OF = new Map<string, string[]>();
for (const [verbs, requested] of CHANGING_VERBS)
  for (const verb of verbs) STEMS_OF.set(verb, [...(STEMS_OF.get(verb) ?? []), ...requested]);

const MAX_VERB_KEY = 9;

export interface Verbs {
  /** False only if the names show that the action just reads. */
  readonly changes: boolean;
  /** The verbs that change something; empty if the action's name has no known verb. */
  readonly verbs: readonly string[];
}

/** The effect of an action, from the words of its name, and of the operation in its payload if there is one. */
export function verbsOf(action: ParsedAction): Verbs {
  const before = FOUND.get(action.values);
  if (before) return before;
  const verbs = read(action);
  FOUND.set(action.values, verbs);
  return verbs;
}

/** Cache: several guardrails need it for one action. */
const FOUND = new WeakMap<ParsedAction['values'], Verbs>();

function read(action: ParsedAction): Verbs {
  const { action: words } = action.words;
  const own: string[] = [];
  for (const key of Object.keys(action.payload)) {
    if (key.length > MAX_VERB_KEY || !VERB_KEYS.has(key.toLowerCase())) continue;
    const value = action.payload[key];
    if (typeof value !== 'string' || value.length > 30) continue;
    const verb = value.trim().toLowerCase();
    // The HTTP method that only reads; every other one counts as a verb.
    own.push(verb === 'options' ? 'get' : verb);
  }
  const named = own.filter((verb) => READING_VERBS.has(verb) || STEMS_OF.has(verb));
  if (named.length > 0) {
    const changing = named.filter((verb) => STEMS_OF.has(verb));
    return changing.length > 0 ? { changes: true, verbs: changing } : { changes: false, verbs: [] };
  }
  const first = words[0] ?? '';
  if (READING_VERBS.has(first)) return { changes: false, verbs: [] };
  const verbs = words.filter((word) => STEMS_OF.has(word));
  if (verbs.length > 0) return { changes: true, verbs };
  return { changes: !words.some((word) => READING_VERBS.has(word)), verbs: [] };
}
