import { type AddressClass, addressClassOf, metadataAddressIn } from '../hosts/address.ts';
import { isMetadataName } from '../hosts/host-names.ts';
import { parsedUrl } from '../hosts/parsed-url.ts';
import { type ReadUrl, readUrl, urlsInText } from '../hosts/url.ts';
import { CHARACTER_CLASSES } from '../text/character-classes.ts';
import { visible } from '../text/confusables.ts';
import { keyWords } from '../text/key-words.ts';
import type { Leaf } from './normalised-input.ts';
import type { Place } from './path.ts';
import { HOST_WORDS } from './words.ts';

/** `whole` if the string is just the URL: only then is it likely to be called. */
export type UrlValue = { place: Place; type: 'url'; url: ReadUrl; whole: boolean };
export type AddressValue = { place: Place; type: 'address'; raw: string; class: AddressClass };
export type DomainValue = { place: Place; type: 'domain'; raw: string; name: string };
export type EmailValue = { place: Place; type: 'email'; address: string; domain: string; whole: boolean };
/** A member that may change permissions: the words of its key, and its new value. */
export type PrincipalChange = {
  place: Place;
  type: 'principal_change';
  raw: string;
  value: Leaf['value'];
  /** The `CHARACTER_CLASSES` of a string. */
  classes: number;
};
/** The string itself, for content without another type; short plain words are omitted. */
export type TextValue = { place: Place; type: 'text'; text: string; classes: number };

export type TypedValue = UrlValue | AddressValue | DomainValue | EmailValue | PrincipalChange | TextValue;

/** Limit of judged URLs and mail addresses per payload. */
export const MAX_DESTINATIONS = 1_000;

const HOST = keyWords(HOST_WORDS);

/** Short and plain, so that it cannot contain another type. */
const MAX_PLAIN = 14;

/** Characters that every URL, address and host name has; a bare name or number counts only under a key that names a place. */
const MAY_NAME_A_PLACE =
  CHARACTER_CLASSES.colon |
  CHARACTER_CLASSES.at |
  CHARACTER_CLASSES.dot |
  CHARACTER_CLASSES.slash |
  CHARACTER_CLASSES.nonAscii;

const EMAIL = /[^\s@<>,;:"'()[\]\\]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.-]{0,252}[\p{L}\p{N}])?/gu;
/** `logo@2x.png`. */
const PICTURE_FOR_DENSE_SCREENS = /@[1-9]x\.(?:png|jpe?g|gif|webp|avif|svg)$/i;
const NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62}))+\.?$/u;

/** The typed values of a payload. `complete` is false if there are more URLs and mail addresses than the limit. */
export function typedValuesOf(leaves: readonly Leaf[]): { values: TypedValue[]; complete: boolean } {
  const values: TypedValue[] = [];
  let count = 0;
  for (const leaf of leaves) {
    const { classes } = leaf;
    const place: Place = leaf;
    if (leaf.kind === 'value') {
      values.push({ place, type: 'principal_change', raw: leaf.key, value: leaf.value, classes });
    }
    if (typeof leaf.value !== 'string') continue;
    const text = leaf.value;
    if (text.length > MAX_PLAIN || (classes & CHARACTER_CLASSES.marks) !== 0)
      values.push({ place, type: 'text', text, classes });
    if ((classes & MAY_NAME_A_PLACE) === 0 && (place.sets & HOST) === 0) continue;
    const found = (classes & MAY_BE_URL) === 0 ? NO_URLS : urlsOf(text, place);
    const emails = (classes & MAY_BE_EMAIL) === 0 ? NO_EMAILS : emailsOf(text, place);
    count += found.length + emails.length;
    if (count > MAX_DESTINATIONS) return { values, complete: false };
    values.push(...found, ...emails);
    if (found.length > 0) continue;
    const hosts = hostsOf(text, place);
    values.push(...hosts);
    if (hosts.length === 0 && (classes & MAY_MENTION) !== 0) values.push(...mentionedIn(text, place));
  }
  return { values, complete: true };
}

const MAY_BE_URL = CHARACTER_CLASSES.colon | CHARACTER_CLASSES.slashes | CHARACTER_CLASSES.nonAscii;
const MAY_BE_EMAIL = CHARACTER_CLASSES.at | CHARACTER_CLASSES.nonAscii;
const MAY_MENTION = CHARACTER_CLASSES.label;
const NO_URLS: readonly UrlValue[] = [];
const NO_EMAILS: readonly EmailValue[] = [];

function urlsOf(text: string, place: Place): UrlValue[] {
  if (!/[:：]|\/\/|\\\\/.test(text)) return [];
  const seen = new Set<string>();
  const found: UrlValue[] = [];
  const add = (url: ReadUrl, whole: boolean): void => {
    const key = `${url.href} ${url.tricks.join()}`;
    if (!seen.has(key)) found.push({ place, type: 'url', url, whole });
    seen.add(key);
  };
  const plain = visible(text);
  const one = readUrl(text) ?? (plain === text ? undefined : readUrl(plain));
  // Prose that starts with a URL is not a URL with a malformed host.
  if (one && !(one.tricks.includes('refused') && /\s/.test(text.trim())))
    add(one, !/\s/.test(text.trim()) || one.tricks.includes('control_in_scheme'));
  for (const url of urlsInText(text, MAX_DESTINATIONS)) add(url, false);
  if (plain !== text) for (const url of urlsInText(plain, MAX_DESTINATIONS)) add(url, false);
  return found;
}

function emailsOf(text: string, place: Place): EmailValue[] {
  if (!/[@＠﹫]/.test(text)) return [];
  const plain = visible(text);
  const found: EmailValue[] = [];
  for (const [address] of plain.matchAll(EMAIL)) {
    if (PICTURE_FOR_DENSE_SCREENS.test(address)) continue;
    const domain = hostOf(address.slice(address.lastIndexOf('@') + 1));
    const whole = address.length === plain.trim().length;
    found.push({ place, type: 'email', address: address.toLowerCase(), domain, whole });
    if (found.length > MAX_DESTINATIONS) break;
  }
  return found;
}

/** A host without a scheme: the whole string is an address or a name, in a member that names a place. */
function hostsOf(text: string, place: Place): (AddressValue | DomainValue)[] {
  const raw = text.trim();
  if (raw.length < 3 || raw.length > 2_048 || /[\s@]/.test(raw)) return [];
  const authority = visible(raw).split(/[/?#\\]/, 1)[0] ?? '';
  const bare =
    authority.startsWith('[') || authority.split(':').length === 2 ? authority.replace(/:\d+$/, '') : authority;
  const plain = bare
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  if ((place.sets & HOST) !== 0) {
    const numeric = /^(?:0x[0-9a-f]{8}|\d{8,10}|0\d{9,12}|[0-9a-fx]+(?:\.[0-9a-fx]+){1,3})$/.test(plain);
    const address = plain.includes(':') ? plain : numeric ? hostOf(plain) : plain;
    const own = addressClassOf(address);
    if (own !== undefined) return [{ place, type: 'address', raw, class: own }];
    if (NAME.test(plain) || isMetadataName(plain) || plain === 'localhost') {
      return [{ place, type: 'domain', raw, name: hostOf(plain) }];
    }
    return [];
  }
  const own = addressClassOf(plain);
  if (own === 'metadata') return [{ place, type: 'address', raw, class: own }];
  return NAME.test(plain) ? [{ place, type: 'domain', raw, name: hostOf(plain) }] : [];
}

/** A URL in percent-encoding is judged in its decoded form. */
const PERCENT_CODED = /%(?:25)*3a(?:%(?:25)*2f){2}/i;

/** A metadata service without a scheme in a longer text, because a command can call it in this form. */
function mentionedIn(text: string, place: Place): (AddressValue | DomainValue)[] {
  if (place.via.includes('query') || PERCENT_CODED.test(text)) return [];
  const address = metadataAddressIn(text);
  if (address !== undefined) return [{ place, type: 'address', raw: address, class: 'metadata' }];
  const name =
    /\b(?:metadata\.google\.internal|metadata\.goog|metadata\.tencentyun\.com|kubernetes\.default\.svc)\b/i.exec(
      text,
    )?.[0];
  return name === undefined ? [] : [{ place, type: 'domain', raw: name, name: name.toLowerCase() }];
}

/** A name as the URL parser writes it: lower case, punycode, no trailing dot. */
function hostOf(name: string): string {
  return parsedUrl(`http://${name}/`)?.hostname.replace(/\.$/, '') ?? name.toLowerCase();
}
