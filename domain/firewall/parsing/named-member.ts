import { setsOf } from '../text/key-words.ts';
import { wordsOf } from '../text/tokenizer.ts';
import type { PrincipalChange } from './typed-values.ts';
import { NAMING_KEYS } from './words.ts';

/** Keys of the value in a pair of a name and a value. */
export const NEW_VALUE = /^(?:value|new|to|after|new value|newvalue|set to)$/;

const NAMES = [...NAMING_KEYS].flatMap((name) => [name, name.charAt(0).toUpperCase() + name.slice(1)]);

/**
 * `{ path: '/roles/-', value: 'admin' }` and `{ name: 'is_admin', value: true }` use two members for a key and its value:
 * the name is read as the key of the value.
 */
export function withNamedKey(change: PrincipalChange): PrincipalChange {
  const { owner, last } = change.place;
  if (!owner || !NEW_VALUE.test(last.join(' '))) return change;
  for (const member of NAMES) {
    const name = Object.hasOwn(owner, member) ? owner[member] : undefined;
    if (typeof name === 'string' && name.length <= 200) {
      const segments = name
        .split(/[/.]/)
        .map(wordsOf)
        .filter((segment) => segment.length > 0);
      const words = [...change.place.words.slice(0, -1), ...segments];
      const { pointer, near, via } = change.place;
      const inner = words.at(-1) ?? [];
      return { ...change, raw: name, place: { pointer, words, last: inner, sets: setsOf(inner), near, via, owner } };
    }
  }
  return change;
}

/**
 * The words of a disguised key: the last part of a path (`attributes.is_admin`, `user[admin]`), a name after a sign, random
 * capitals.
 */
export function innermostWords(raw: string): readonly string[] | undefined {
  if (raw.length > 200) return undefined;
  if (/[./[$]/.test(raw)) {
    const parts = raw.split(/[./[\]$]+/).filter((part) => part !== '');
    const last = parts.at(-1) ?? '';
    return last === raw ? undefined : wordsOf(last);
  }
  return TOSSED.test(raw) ? wordsOf(raw.toLowerCase()) : undefined;
}
const TOSSED = /[a-z][A-Z][a-z][A-Z]|[A-Z][a-z][A-Z][a-z][A-Z]/;
