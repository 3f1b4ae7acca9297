import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { PrincipalChange } from '../parsing/typed-values.ts';
import { isGranting } from '../privilege/values.ts';
import { keyWords } from '../text/key-words.ts';
import { PUBLIC_AUDIENCE, PUBLIC_FLAG, SHARE_KEY } from './patterns.ts';
import { OWNED_THINGS, SHARING_WORDS } from './words.ts';

const SHARING = keyWords(SHARING_WORDS);

/** Whether a member shares something publicly. */
export function sharesWithAll({ place, value }: PrincipalChange, { words }: ParsedAction): boolean {
  if ((place.near & SHARING) === 0) return false;
  const name = place.last.join(' ');
  if (typeof value === 'string' && value.length <= 40 && PUBLIC_AUDIENCE.test(value.trim())) {
    if (SHARE_KEY.test(name)) return true;
    const inShare = place.words
      .slice(0, -1)
      .some((step) => step.some((word) => /^(?:share|shares|sharing|permission|permissions|link)$/.test(word)));
    if (inShare && /^(?:type|scope|role|who|audience|visibility|level|access)$/.test(name)) return true;
    return name === 'visibility' && isOwned(words);
  }
  return PUBLIC_FLAG.test(name) && isGranting(value) && isOwned(words);
}

const isOwned = (words: ParsedAction['words']): boolean =>
  [...words.action, ...words.service].some((word) => OWNED_THINGS.has(word));
