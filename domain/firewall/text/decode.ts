import { CONTROL, IGNORABLE } from '../../invisible-characters.ts';
import { CHARACTER_CLASSES, classesOf } from './character-classes.ts';
import { anyOf } from './word-list.ts';
import { ENTITIES } from './words.ts';

/** A decoded form of a string. `key` is the name of the value in a query string. */
export interface DecodedForm {
  via: 'json' | 'base64' | 'hex' | 'percent' | 'query' | 'escape' | 'form' | 'graphql' | 'hidden';
  text: string;
  key?: string;
}

const BASE64 = /^[A-Za-z0-9+/_-]{7,}={0,2}$/;
const HEX = /^(?:0x)?(?:[0-9a-fA-F]{2}){6,}$/;
const PERCENT = /%[0-9a-fA-F]{2}/;
const MAX_PARAMETERS = 100;

const NONE: readonly DecodedForm[] = [];
/** Without one of these, only a string without spaces can be encoded. */
const CODED =
  CHARACTER_CLASSES.percent |
  CHARACTER_CLASSES.question |
  CHARACTER_CLASSES.semicolon |
  CHARACTER_CLASSES.control |
  CHARACTER_CLASSES.nonAscii |
  CHARACTER_CLASSES.slash |
  CHARACTER_CLASSES.colon;
/** First characters of JSON. */
const JSON_LIKE = CHARACTER_CLASSES.bracket | CHARACTER_CLASSES.quote;

/** The decoded forms of a string. An encoded form counts only if it round-trips and is readable text. */
export function decodedForms(text: string, classes = classesOf(text)): readonly DecodedForm[] {
  const hidden = hiddenIn(text, classes);
  if (hidden.length > 0) return [...hidden, ...encodedForms(text, classes)];
  return encodedForms(text, classes);
}

/**
 * The text without the characters that no reader sees. An attacker puts them into a word that a guardrail looks for, and the
 * program that reads the value drops them.
 */
function hiddenIn(text: string, classes: number): readonly DecodedForm[] {
  if ((classes & (CHARACTER_CLASSES.control | CHARACTER_CLASSES.nonAscii)) === 0) return NONE;
  const shown = text.replace(PICTURE_SELECTOR, '');
  const plain = shown.replace(IGNORABLE, '').replace(CONTROL, '');
  return plain.length < shown.length ? [{ via: 'hidden', text: plain }] : NONE;
}

function encodedForms(text: string, classes: number): readonly DecodedForm[] {
  if (text.length < 3) return NONE;
  if ((classes & (CODED | JSON_LIKE)) === 0 && !((classes & CHARACTER_CLASSES.marks) !== 0 && text.includes(' = '))) {
    // Skips prose, and words that are too short for an encoding.
    if (text.length < 7) return NONE;
    if ((classes & CHARACTER_CLASSES.space) !== 0 && text.charAt(0) !== ' ' && !text.endsWith(' ')) return NONE;
  }
  const forms: DecodedForm[] = [];
  const trimmed = text.trim();
  if (trimmed.length < 3) return forms;
  const bare = /^[/`]/.test(trimmed) ? trimmed.replace(BEFORE_JSON, '').replace(/\s{0,9}```$/, '') : trimmed;
  if (/^[[{"]/.test(bare)) forms.push({ via: 'json', text: bare });
  const dense = trimmed.length >= 7 ? unwrapped(trimmed) : undefined;
  if (dense !== undefined) {
    const hex = HEX.test(dense) ? fromHex(dense) : undefined;
    if (hex !== undefined) forms.push({ via: 'hex', text: hex });
    const base64 = hex === undefined && BASE64.test(dense) ? fromBase64(dense) : undefined;
    if (base64 !== undefined) forms.push({ via: 'base64', text: base64 });
  }
  if (ESCAPED.test(text)) {
    const plain = fromEscapes(text);
    if (plain !== text) forms.push({ via: 'escape', text: plain });
  }
  if (dense !== undefined && text.includes('=')) forms.push(...formOf(dense));
  if (text.includes(': ') || text.includes(' = ')) forms.push(...settingsOf(text));
  if (trimmed.startsWith('<')) forms.push(...elementsOf(trimmed));
  if (trimmed.startsWith('mutation')) forms.push(...argumentsOf(trimmed));
  if (PERCENT.test(text)) {
    const plain = fromPercent(text);
    if (plain !== text) forms.push({ via: 'percent', text: plain });
  }
  const embedded = /;base64,([A-Za-z0-9+/_-]+={0,2})/.exec(text)?.[1];
  const body = embedded === undefined ? undefined : fromBase64(embedded);
  if (body !== undefined) forms.push({ via: 'base64', text: body });
  if (text.includes('?') && text.includes('=')) forms.push(...parametersOf(text));
  return forms;
}

/** Selects the picture of an emoji; hides nothing. */
const PICTURE_SELECTOR = /(?<=\p{Emoji})\uFE0F/gu;

/** A comment, or the fence of a code block. */
const BEFORE_JSON = /^(?:\/\*[^*]{0,500}\*\/|\/\/[^\n]{0,500}\n|```[a-z0-9]{0,10})\s{0,100}/;

const ESCAPED = new RegExp(
  `\\\\u[0-9a-fA-F]{4}|\\\\x[0-9a-fA-F]{2}|&#(?:x[0-9a-fA-F]{1,6}|[0-9]{1,7});|&${anyOf(Object.keys(ENTITIES))};`,
);
const ESCAPES = new RegExp(
  `\\\\u([0-9a-fA-F]{4})|\\\\x([0-9a-fA-F]{2})|&#x([0-9a-fA-F]{1,6});|&#([0-9]{1,7});|&(${anyOf(Object.keys(ENTITIES))});`,
  'g',
);

/** The text that a reader of source text or HTML sees. */
const fromEscapes = (text: string): string =>
  text.replace(ESCAPES, (whole, u?: string, x?: string, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(u ?? x ?? hex ?? '', 16) : Number(decimal);
    return code > 0x10ffff ? whole : String.fromCodePoint(code);
  });

/** `role=admin&name=x`: the whole string is an encoded form. */
function formOf(text: string): DecodedForm[] {
  if (text.length > 4_096 || !/^[\w.%[\]-]{1,60}=[^&=\s]+(?:&[\w.%[\]-]{1,60}=[^&=\s]*){0,50}$/.test(text)) return [];
  return text.split('&').flatMap((pair): DecodedForm[] => {
    const at = pair.indexOf('=');
    const value = fromPercent(pair.slice(at + 1).replaceAll('+', ' '));
    return value === '' ? [] : [{ via: 'form', key: fromPercent(pair.slice(0, at)), text: value }];
  });
}

const SETTING = /^\s*(?:- )?([a-z_][\w.-]{0,59})(?::|(?<=\w{3}) =)(?: \[?["']?([^\s"'[\]]+)["']?\]?)?\s*$/;

/** `<role>owner</role>`: an element that contains only text. */
function elementsOf(text: string): DecodedForm[] {
  const forms: DecodedForm[] = [];
  for (const [, key, value] of text.matchAll(/<([A-Za-z_][\w.-]{0,59})>([^<>]{1,200})<\/\1>/g)) {
    if (key !== undefined && value !== undefined && value.trim() !== '')
      forms.push({ via: 'form', key, text: value.trim() });
    if (forms.length >= MAX_PARAMETERS) break;
  }
  return forms;
}

/** `mutation { setRole(user: 7, role: ADMIN) { id } }`: the arguments of an API call in a text. */
function argumentsOf(text: string): DecodedForm[] {
  const forms: DecodedForm[] = [];
  for (const [, key, quoted, listed, plain] of text.matchAll(ARGUMENT)) {
    const value = quoted ?? listed ?? plain;
    if (key !== undefined && value) forms.push({ via: 'graphql', key, text: value });
    if (forms.length >= MAX_PARAMETERS) break;
  }
  return forms;
}
const ARGUMENT =
  /(?<![\w$])([A-Za-z_]\w{0,59})\s{0,20}:\s{0,20}(?:"([^"\n]{0,200})"|\[\s{0,20}"?([^"\]\s]{1,100})"?\s{0,20}\]|([\w*]{1,100}))/g;

/** A whole string of lines like `is_admin: true`: a settings file, not prose. */
function settingsOf(text: string): DecodedForm[] {
  if (text.length > 4_096) return [];
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const pairs = lines.map((line) => SETTING.exec(line));
  if (lines.length > 50 || !pairs.every((pair) => pair)) return [];
  return pairs.flatMap((pair): DecodedForm[] =>
    pair?.[2] === undefined ? [] : [{ via: 'form', key: pair[1] as string, text: pair[2] }],
  );
}

/** Base64 is often broken into lines of 64 or 76 characters. With any other white space it is not base64. */
function unwrapped(text: string): string | undefined {
  if (!/\s/.test(text)) return text;
  const lines = text.split(/\r?\n/);
  return lines.slice(0, -1).every((line) => line.length >= 60) && !/[^\S\r\n]/.test(text) ? lines.join('') : undefined;
}

/** The values of a query string or an encoded form, which may contain another URL. */
function parametersOf(text: string): DecodedForm[] {
  const forms: DecodedForm[] = [];
  for (const match of text.matchAll(/[?&]([^=&#?\s"'<>]{1,100})=([^&#\s"'<>]{3,})/g)) {
    const [, key, value] = match;
    if (key === undefined || value === undefined) continue;
    forms.push({ via: 'query', key: fromPercent(key), text: fromPercent(value) });
    if (forms.length >= MAX_PARAMETERS) break;
  }
  return forms;
}

/** Percent-decoding; sequences that are not UTF-8 are unchanged. */
export const fromPercent = (text: string): string =>
  text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });

function fromBase64(text: string): string | undefined {
  const body = text.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
  if (body.length % 4 === 1) return undefined;
  try {
    const binary = atob(body);
    // Spare bits that are not zero: no encoder writes that, so it is not base64.
    if (btoa(binary).replace(/=+$/, '') !== body) return undefined;
    return readable(binary);
  } catch {
    return undefined;
  }
}

function fromHex(text: string): string | undefined {
  const digits = text.replace(/^0x/, '');
  let binary = '';
  for (let at = 0; at < digits.length; at += 2)
    binary += String.fromCharCode(Number.parseInt(digits.slice(at, at + 2), 16));
  return readable(binary);
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** Whether a label is base32 of readable ASCII, which encodes text in names because names ignore case. */
export function isBase32Text(label: string): boolean {
  // Requires a digit, otherwise every long word would match.
  if (!/^[a-z2-7]{16,63}$/i.test(label) || !/[2-7]/.test(label)) return false;
  let bits = 0;
  let held = 0;
  for (const char of label.toLowerCase()) {
    held = ((held << 5) | BASE32.indexOf(char)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (held >> bits) & 0xff;
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}

const BINARY = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;
/** A few control characters hide a text from a guardrail; more of them are data. */
const MOST_CONTROLS = 1 / 8;
const UTF8 = /^(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})*$/;
let decoder: TextDecoder | undefined;

const isData = (binary: string): boolean =>
  binary.length < 8 || binary.length - binary.replace(CONTROL, '').length > binary.length * MOST_CONTROLS;

/** The text of bytes (one per character) that are UTF-8 with at most a few control characters; undefined otherwise. */
function readable(binary: string): string | undefined {
  // Most words look like base64; their decoded bytes are rejected here, before the cost of a decoder.
  if (binary === '' || (BINARY.test(binary) && isData(binary))) return undefined;
  if (!/[\x80-\xff]/.test(binary)) return binary;
  if (
    !UTF8.test(binary.slice(0, 4_096)) &&
    !UTF8.test(binary.slice(0, 4_093)) &&
    !UTF8.test(binary.slice(0, 4_094)) &&
    !UTF8.test(binary.slice(0, 4_095))
  )
    return undefined;
  try {
    decoder ??= new TextDecoder('utf-8', { fatal: true });
    const text = decoder.decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
    return /[\x80-\x9f]/.test(text) && isData(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
