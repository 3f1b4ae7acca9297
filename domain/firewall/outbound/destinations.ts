import { parseGuarded } from '../../json/guard.ts';
import { addressClassOf } from '../hosts/address.ts';
import { isPublicMail, registrableDomainOf } from '../hosts/host-names.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { TypedValue } from '../parsing/typed-values.ts';
import { keyWords, setsOf } from '../text/key-words.ts';
import { anyOf } from '../text/word-list.ts';
import {
  ABOUT_THE_MESSAGE,
  BARE_NAME_ENDINGS,
  CARRIER_WORDS,
  DESTINATION_WORDS,
  EVENTS,
  FORWARDING_KINDS,
  PRIMARY_WORDS,
  SENDING_WORDS,
  SURE_HOST_WORDS,
} from './words.ts';

/** A destination of an action. */
export interface Destination {
  pointer: string;
  /** The address, URL or name as sent. */
  raw: string;
  kind: 'email' | 'url' | 'name';
  host: string;
  /** The identity of a receiver: the registrable domain, or the whole address at a public mail provider. */
  receiver: string;
  /** Whether it is in the field of the main receiver. */
  primary: boolean;
}

/** Words of keys that name a receiver. */
const DESTINATION = keyWords([...PRIMARY_WORDS, ...DESTINATION_WORDS]);

const SURE_HOST = keyWords(SURE_HOST_WORDS);

const CARRIER = keyWords(CARRIER_WORDS);

const NOT_A_RECEIVER = keyWords(ABOUT_THE_MESSAGE);

/** All destinations of the action, in the order of the payload. */
export function destinationsOf(action: ParsedAction): readonly Destination[] {
  const before = FOUND.get(action.values);
  if (before) return before;
  const found = read(action);
  FOUND.set(action.values, found);
  return found;
}

/** Cache: several guardrails need it for one action. */
const FOUND = new WeakMap<ParsedAction['values'], readonly Destination[]>();

function read(action: ParsedAction): Destination[] {
  const actionWords = [...action.words.service, ...action.words.action];
  const sends = actionWords.some((word) => SENDING_WORDS.has(word));
  const outer = sends ? wrapperDepth(action.payload) : 0;
  const found: Destination[] = [];
  for (const value of action.values) {
    if (value.type !== 'url' && value.type !== 'email' && value.type !== 'domain') continue;
    const role = roleOf(value, sends, outer);
    const destination = role && destinationOf(value, role === 'primary');
    if (destination) found.push(destination);
  }
  return found;
}

const MAX_WRAPPERS = 6;
const MAX_WRAPPED_TEXT = 64 * 1024;

/** How many keys enclose the arguments of a call: one for `{ params: { … } }`, none when the payload has several members. */
function wrapperDepth(payload: unknown): number {
  let depth = 0;
  let value = payload;
  for (let step = 0; step < 2 * MAX_WRAPPERS; step += 1) {
    if (typeof value === 'string' && /^\s*[[{"]/.test(value) && value.length <= MAX_WRAPPED_TEXT) {
      const guarded = parseGuarded(value);
      if (!guarded.ok) return depth;
      value = guarded.value;
    } else if (Array.isArray(value) && value.length === 1) value = value[0];
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const members = Object.values(value);
      if (members.length !== 1 || !isWrapped(members[0])) return depth;
      depth += 1;
      value = members[0];
    } else return depth;
  }
  return depth;
}

/** Whether a member can hold other members: an object, a list, or JSON in a text. */
const isWrapped = (value: unknown): boolean =>
  typeof value === 'string' ? /^\s*[[{"]/.test(value) : typeof value === 'object' && value !== null;

function roleOf(value: TypedValue, sends: boolean, outer: number): 'primary' | 'other' | undefined {
  const last = value.place.last;
  if (value.place.via.includes('query')) return undefined;
  const { sets } = value.place;
  if ((sets & NOT_A_RECEIVER) !== 0 && !last.includes('to')) return undefined;
  if (last.length > 0 && last.every((word) => PRIMARY_WORDS.has(word))) return 'primary';
  if ((sets & DESTINATION) !== 0 || value.place.words.some((words) => (setsOf(words) & DESTINATION) !== 0))
    return 'other';
  if (value.place.words.some(([first, second]) => first === 'on' && second !== undefined && EVENTS.has(second)))
    return 'other';
  // `{ type: 'forward', value: 'x@a.example' }`: a mailbox rule.
  const kind = value.place.owner?.['type'] ?? value.place.owner?.['action'];
  if (typeof kind === 'string' && FORWARDS.test(kind) && last.length === 1) return 'other';
  // At greater depth an address is usually part of the content.
  return sends && value.place.words.length === outer + 1 && (sets & CARRIER) !== 0 ? 'other' : undefined;
}

function destinationOf(value: TypedValue, primary: boolean): Destination | undefined {
  if (value.type === 'email') {
    const receiver = isPublicMail(value.domain) ? value.address : registrableDomainOf(value.domain);
    return { pointer: value.place.pointer, raw: value.address, kind: 'email', host: value.domain, receiver, primary };
  }
  if (value.type === 'url' && value.url.host !== '') {
    // A mail address is read as one; mailto: has no host, and user parts are the egress guardrail's.
    const { host, raw } = value.url;
    return { pointer: value.place.pointer, raw, kind: 'url', host, receiver: receiverOf(host), primary };
  }
  // No file is the value of `webhook` or `server`, so there a name with any ending counts.
  if (value.type === 'domain' && (isName(value.name) || (value.place.sets & SURE_HOST) !== 0)) {
    return {
      pointer: value.place.pointer,
      raw: value.raw,
      kind: 'name',
      host: value.name,
      receiver: receiverOf(value.name),
      primary,
    };
  }
  return undefined;
}

const receiverOf = (host: string): string => (addressClassOf(host) === undefined ? registrableDomainOf(host) : host);

/** A bare name counts only with an ending that no file type has (`plan.xlsx` does not count); reserved endings count for examples. */
const isName = (name: string): boolean => BARE_NAME.test(name);

const BARE_NAME = new RegExp(`^(?:[a-z0-9-]+\\.)+${anyOf(BARE_NAME_ENDINGS)}$`);
const FORWARDS = new RegExp(`^${anyOf(FORWARDING_KINDS)}`, 'i');
