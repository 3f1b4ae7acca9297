import type { AllowList } from '../hosts/allow-list.ts';
import { registrableDomainOf } from '../hosts/host-names.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { TypedValue } from '../parsing/typed-values.ts';
import { keyWords } from '../text/key-words.ts';
import { anyOf } from '../text/word-list.ts';
import type { Known } from './known.ts';
import {
  ASIDE_WORDS,
  FILE_ENDINGS,
  GIVING_VERBS,
  MOVING_WORDS,
  PERSON_WORDS,
  RECEIVER_WORDS,
  WRITING_VERBS,
} from './words.ts';

const RECEIVER = keyWords(RECEIVER_WORDS);
const PERSON = keyWords(PERSON_WORDS);
const ASIDE = keyWords(ASIDE_WORDS);

export interface ForeignName {
  pointer: string;
  raw: string;
}

/** The unknown receivers of an action, each once, in the order of the payload. */
export function foreignNames(action: ParsedAction, known: Known, allowed: AllowList): ForeignName[] {
  const gives = action.words.action.some((word) => GIVING_VERBS.has(word));
  const writes =
    action.words.action.some((word) => WRITING_VERBS.has(word)) &&
    !action.words.action.some((word) => MOVING_WORDS.has(word));
  const moves = action.words.action.some((word) => /^(?:rename|move|copy)$/.test(word));
  const found = new Map<string, ForeignName>();
  for (const value of action.values) {
    const receivers = receiversIn(value, action, gives);
    if (receivers === undefined) continue;
    for (const one of receivers) {
      if (found.size >= 50) return [...found.values()];
      const raw = one.trim();
      // The number of the changed record.
      if (!gives && !writes && OWN_NUMBER.test(raw)) continue;
      if (moves && FILE_NAME.test(raw)) continue;
      // A bare name reaches only colleagues. The content is judged by its links.
      if (writes && /^[\p{L}][\p{L}' .-]{0,40}$/u.test(raw) && !raw.includes('..') && !/\.[a-z]{2,}$/i.test(raw))
        continue;
      if (raw !== '' && !found.has(raw) && !isKnown(raw, known, allowed))
        found.set(raw, { pointer: value.place.pointer, raw });
    }
  }
  return [...found.values()];
}

const FILE_NAME = new RegExp(`^[\\w ./@()-]{1,200}\\.${anyOf(FILE_ENDINGS)}$`, 'i');
const OWN_NUMBER = /^[a-z]{1,12}[-_]\d{1,12}$/i;

function receiversIn(value: TypedValue, action: ParsedAction, gives: boolean): string[] | undefined {
  if (value.place.via.length > 0 && value.type !== 'principal_change') return undefined;
  if (value.type === 'principal_change') {
    const text = typeof value.value === 'number' ? String(value.value) : value.value;
    if (typeof text !== 'string' || text.length > 500) return undefined;
    const role = action.roleAt(value.place.pointer);
    if (role === 'recipient' || role === 'destination') return splitList(text);
    const { sets } = value.place;
    if (role !== undefined || (sets & ASIDE) !== 0) return undefined;
    return (sets & (gives ? RECEIVER | PERSON : RECEIVER)) === 0 ? undefined : splitList(text);
  }
  if (value.type === 'email' && value.whole) return [value.address];
  return undefined;
}

const splitList = (text: string): string[] => (text.length > 200 ? [text] : text.split(/[,;]/));

function isKnown(raw: string, known: Known, allowed: AllowList): boolean {
  if (known.names(raw) || (known.everybody && /^[\p{L}' -]{1,40}$/u.test(raw))) return true;
  const mail = /<?([^\s<>]+@([^\s<>@]+))>?$/.exec(raw.toLowerCase());
  if (mail?.[1] !== undefined && mail[2] !== undefined) {
    return allowed.email(mail[1], mail[2]) || known.names(mail[1]);
  }
  const host = hostIn(raw);
  return host !== undefined && (allowed.host(host) || known.names(host) || known.names(registrableDomainOf(host)));
}

function hostIn(raw: string): string | undefined {
  const named = /^(?:[a-z][a-z0-9+.-]*:\/\/)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?=[:/?#]|$)/i.exec(raw);
  return named?.[1]?.toLowerCase();
}
