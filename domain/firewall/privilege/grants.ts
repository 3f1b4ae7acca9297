import { type FindingTemplate, templatesOf } from '../finding.ts';
import { lookAlike } from '../text/confusables.ts';
import { wordsOf } from '../text/tokenizer.ts';
import { anyOf } from '../text/word-list.ts';
import { FULL_SCOPE, TYPE_OF_PERSON } from './patterns.ts';
import { namesAdmin } from './values.ts';
import { wildcardOf } from './wildcard.ts';
import * as words from './words.ts';

type Words = readonly string[];
export const template = templatesOf('privilege');

/** The rights that a text grants, judged by the keys above it: a wildcard permission, the name of an administrator role. */
export function judgeGrant(path: readonly Words[], text: string): FindingTemplate | undefined {
  const near = path.slice(-3);
  const key = path.at(-1) ?? [];
  // In `role: { key: 'admin' }` the value names the role.
  const names =
    key.length === 1 &&
    /^(?:key|code|slug)$/.test(key[0] ?? '') &&
    (path.at(-2) ?? []).some((word) => word === 'role' || word === 'roles');
  if (!names && key.some((word) => words.NO_GRANT.has(word))) return undefined;
  const grants = near.some((step) => step.some((word) => words.GRANT_WORDS.has(word)));
  const roles =
    near.some((step) => step.some((word) => words.ROLE_WORDS.has(word))) || TYPE_OF_PERSON.test(key.join(' '));
  if (!grants && !roles) return judgeSubject(key, text);
  const plain = lookAlike(text);
  if (FULL_SCOPE.test(plain.trim())) return template('wildcard', 'high', 'This permits everything.');
  // A list in one string. Scopes may also be separated by spaces; role names may contain spaces.
  const items = plain.split(key.some((word) => word.startsWith('scope')) ? /[\s,;|]+/ : /[,;|]/).slice(0, 50);
  for (const item of [plain, ...items]) {
    const found = (grants ? judgeReach(item, key) : undefined) ?? judgeRole(item);
    if (found) return found;
  }
  return undefined;
}

function judgeReach(text: string, key: Words): FindingTemplate | undefined {
  const reach = wildcardOf(text);
  if (reach === 'everything') return template('wildcard', 'high', 'This permits everything.');
  if (reach === 'all_of_one') return template('wildcard', 'high', 'This permits every operation of a service.');
  if (reach === undefined && key.some((word) => words.HEIGHT_WORDS.has(word)) && HIGHEST.test(text.trim()))
    return template('wildcard', 'medium', 'This permits everything.');
  return reach === 'word' && !key.includes('id')
    ? template('wildcard', 'medium', 'This permits everything.')
    : undefined;
}

const HIGHEST = new RegExp(`^(?:${anyOf(words.HIGHEST_VALUES)}|all[-_ ]${anyOf(words.ALL_OF_THEM)})$`, 'i');

function judgeRole(written: string): FindingTemplate | undefined {
  // The name is the last part of an ARN, and each value of a distinguished name.
  const text = /^arn:/i.test(written)
    ? (written.split(/[/:]/).at(-1) ?? '')
    : written.replace(/^\s*(?:cn|ou|uid)=/i, '');
  const valueWords = wordsOf(text);
  if (valueWords.some((word) => /^impersonat(?:e|ion)$/.test(word))) {
    return template('impersonation', 'high', 'This permits acting in the name of others.');
  }
  // As written and in lower case, because `R00T` has no word boundary.
  const named = [valueWords, wordsOf(text.toLowerCase())].some(
    (some) => some.length > 0 && some.length <= 6 && namesAdmin(some),
  );
  return named ? template('admin_role', 'high', 'This role or permission makes somebody an administrator.') : undefined;
}

/** `user: "root"` names the account itself and not a role. */
function judgeSubject(key: Words, text: string): FindingTemplate | undefined {
  const subject =
    key.length > 0 &&
    key.every((word) => word === 'user' || word === 'username' || word === 'as' || word === 'run' || word === 'switch');
  return subject && words.ADMIN_ACCOUNTS.has(lookAlike(text).trim().toLowerCase())
    ? template('admin_role', 'medium', 'This runs as an administrator.')
    : undefined;
}
