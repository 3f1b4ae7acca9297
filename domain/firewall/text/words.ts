import { words } from './word-list.ts';

/** The vocabulary of keys; a run of these words without boundaries is split. */
export const KEY_VOCABULARY = words(
  'is as has act by approved admin administrator superuser super user root owner sudo override bypass skip force ignore disable disabled policy check checks auth approval security access permission permissions role roles scope scopes impersonate elevate elevated enabled required mfa audit verify full system guardrail firewall privileged no non not webhook webhooks callback url urls mode god validation',
);

/** Only a word that contains one of these is split. */
export const VOCABULARY_STEMS = words(
  'admin root sudo super override bypass skip impersonate elevate mfa audit webhook callback approv',
);

/** Words that are joined when written in parts: `super_user`, `a.d.m.i.n`. */
export const COMPOUNDS: Readonly<Record<string, string>> = {
  'super user': 'superuser',
  'super users': 'superusers',
  'sys admin': 'sysadmin',
  'sys admins': 'sysadmin',
};

/** HTML entities that can disguise a text. */
export const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  lt: '<',
  gt: '>',
  amp: '&',
  colon: ':',
  sol: '/',
  period: '.',
  ast: '*',
};

/** Names of national identifiers, which precede the number. */
export const NATIONAL_ID_NAMES: ReadonlySet<string> = new Set([
  'ssn',
  'social security',
  'social security number',
  'social security no',
  'national id',
  'national id number',
  'national id card',
  'national identity',
  'national identity number',
  'national identity card',
  'nino',
  'national insurance',
  'passport',
  'passport number',
  'passport no',
  'tax id',
  'sin',
  'bsn',
  'aadhaar',
  'dni',
  'cpf',
]);
