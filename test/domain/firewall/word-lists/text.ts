import { lookAlike, unleet, visible } from '../../../../domain/firewall/text/confusables.ts';
import { decodedForms } from '../../../../domain/firewall/text/decode.ts';
import { LEET, LOOK_ALIKES } from '../../../../domain/firewall/text/look-alikes.ts';
import { personalIn } from '../../../../domain/firewall/text/personal-data.ts';
import { wordsOf } from '../../../../domain/firewall/text/tokenizer.ts';
import { COMPOUNDS, KEY_VOCABULARY } from '../../../../domain/firewall/text/words.ts';
import type { Exercise } from './exercise.ts';

export const TEXT: Record<string, Exercise> = {
  KEY_VOCABULARY: { has: (word) => wordsOf(`admin${word}`).length > 1 },
  VOCABULARY_STEMS: {
    has: (stem) => [...KEY_VOCABULARY].some((word) => word.includes(stem) && wordsOf(`not${word}`).length > 1),
    placebo: 'check',
  },
  COMPOUNDS: { has: (pair) => wordsOf(pair.replace(' ', '_')).join() === COMPOUNDS[pair] },
  ENTITIES: { has: (name) => decodedForms(`ab&${name};cd`).length > 0 },
  NATIONAL_ID_NAMES: { has: (name) => personalIn(`The ${name}: AB123456`, ['national_id']).length > 0 },
};

/** Looked up after compatibility forms and accents are undone: an entry that those change would never be found. */
const isDrawnLike: Exercise = {
  has: (char) => visible(char).normalize('NFD') === char && lookAlike(char) === LOOK_ALIKES[char],
};
TEXT['LOOK_ALIKES'] = isDrawnLike;
TEXT['LEET'] = { has: (char) => unleet(`r${char}t`) === `r${LEET[char]}t` };
