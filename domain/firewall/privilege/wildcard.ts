import { anyOf } from '../text/word-list.ts';
import { ALL_RIGHTS, EVERYTHING_VALUES, RIGHTS_OVER_ALL } from './words.ts';

const ALL = new RegExp(
  `^(?:${anyOf(EVERYTHING_VALUES)}|full[_ -]?control|full[_-]access|all[_-]?${anyOf(ALL_RIGHTS)}|${anyOf(RIGHTS_OVER_ALL)}[:._-]all|(?:all|any)[:._-](?:all|any))$`,
  'i',
);

/** The objects of a store under one prefix. */
const BELOW_ONE_PREFIX = /^arn:[a-z-]{1,20}:s3:::[^*?:/]{1,63}(?:\/[^*?:/]{1,100}){1,10}\/\*$/i;
/** All objects of one store, which is normal for a task that names its actions. */
export const OBJECTS_OF_ONE_BUCKET = /^arn:[a-z-]{1,20}:s3:::[^*?:/]{1,63}\/\*$/i;

/** The reach of a wildcard in a permission; undefined if the value is not a wildcard. */
export function wildcardOf(text: string): 'everything' | 'all_of_one' | 'word' | undefined {
  const plain = text.replace(/\s+/g, '');
  if (plain.length > 200 || plain === '') return undefined;
  if (/^[*%.:/|,?+^$()]+$/.test(plain) && /[*%]|\.\+/.test(plain)) return 'everything';
  if (/^\^?\[[^\]]{1,20}\][*+]\$?$/.test(plain)) return 'everything';
  if (BELOW_ONE_PREFIX.test(plain)) return undefined;
  if (
    /^[a-z0-9_.-]+[:./]\*(?:[:./]\*)*$/i.test(plain) ||
    /^\*[:./][a-z0-9_-]+$/i.test(plain) ||
    /^[a-z0-9_.-]+:(?:all|any|\*):\*$/i.test(plain) ||
    /^arn:[^\s]*[:/]\*$/i.test(plain)
  ) {
    return 'all_of_one';
  }
  return ALL.test(plain) ? 'word' : undefined;
}
