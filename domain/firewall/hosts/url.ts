import { fromPercent } from '../text/decode.ts';
import { addressClassOf } from './address.ts';
import { parsedUrl } from './parsed-url.ts';
import { LOCAL_SCHEMES, SCHEMES_WITHOUT_SLASHES, SPECIAL_SCHEMES } from './scheme-words.ts';

/** A spelling that two parsers read differently, or that hides the target of a URL. */
export type UrlTrick =
  | 'control_in_scheme'
  | 'slashes'
  | 'backslash'
  | 'userinfo'
  | 'percent_in_host'
  | 'at_in_fragment'
  | 'refused'
  | 'odd_address'
  | 'odd_letters';

export interface ReadUrl {
  raw: string;
  scheme: string;
  /** Canonical: lower case, punycode, no brackets, no trailing dot. Empty when the URL names no host. */
  host: string;
  tricks: readonly UrlTrick[];
  /** The user part, if there is one: `a.example` in `http://a.example@b.example/`. */
  userinfo: string;
  /** Equal for two spellings of one URL. */
  href: string;
  /** The part after the authority, which may contain another URL. */
  tail: string;
}

/** `//host` and `\\\\host` with a plausible host name; `//see` is not a URL. */
const RELATIVE = /^[\\/]{2}(?=[^\\/\s]*[.[:]|localhost\b|metadata\b)/;

/** No client accepts a longer URL, and the parser's cost grows faster than its length. */
const MAX_AUTHORITY = 2_048;

/** Reads a text that is one URL, in any spelling that a lenient client would follow; undefined for anything else. */
export function readUrl(raw: string): ReadUrl | undefined {
  const trimmed = raw.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, '');
  const cleaned = trimmed.replace(/[\t\n\r]/g, '').replace(RELATIVE, 'http://');
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]{0,30}):([\s\S]*)$/.exec(cleaned);
  if (!match) return undefined;
  const scheme = (match[1] ?? '').toLowerCase();
  const rest = match[2] ?? '';
  const slashes = /^[\\/]*/.exec(rest)?.[0] ?? '';
  if (
    !SPECIAL_SCHEMES.has(scheme) &&
    !SCHEMES_WITHOUT_SLASHES.has(scheme) &&
    !slashes.startsWith('//') &&
    !(LOCAL_SCHEMES.has(scheme) && slashes !== '')
  )
    return undefined;
  if (rest === slashes || /^\s/.test(rest)) return undefined;
  // `http:+the+protocol` is a search text.
  if (slashes === '' && /^[^/?#]*[+\s]/.test(rest) && SPECIAL_SCHEMES.has(scheme)) return undefined;
  const authority = /^[^/?#]*/.exec(rest.slice(slashes.length))?.[0] ?? '';
  const tail = rest.slice(slashes.length + authority.length);
  if (!SPECIAL_SCHEMES.has(scheme) && slashes !== '//')
    return { raw, scheme, host: '', tricks: [], userinfo: '', href: cleaned, tail: rest };
  if (!/[\p{L}\p{N}]|\[:/u.test(authority)) {
    return { raw, scheme, host: '', tricks: [], userinfo: '', href: cleaned, tail };
  }

  const tricks: UrlTrick[] = [];
  if (/^[^:]*[\t\n\r]/.test(trimmed) && /^[a-zA-Z]/.test(trimmed)) tricks.push('control_in_scheme');
  if (SPECIAL_SCHEMES.has(scheme) && slashes !== '//') tricks.push('slashes');
  if (authority.includes('\\')) tricks.push('backslash');
  const user = authority.lastIndexOf('@');
  if (user >= 0) tricks.push('userinfo');
  const named = authority.slice(user + 1);
  if (/^#[^/]*@/.test(tail)) tricks.push('at_in_fragment');
  if (authority.includes('%')) tricks.push('percent_in_host');
  const parsed =
    authority.length > MAX_AUTHORITY ? undefined : parsedUrl(SPECIAL_SCHEMES.has(scheme) ? cleaned : `http:${rest}`);
  if (!parsed) tricks.push('refused');
  const host = parsed ? parsed.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '') : looseHostOf(named);
  const spelt = named
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  if (!host.includes(':') && addressClassOf(host) !== undefined && spelt !== host) tricks.push('odd_address');
  if (/[^\x00-\x7f]/.test(named) && named.normalize('NFKC') !== named.normalize('NFC')) tricks.push('odd_letters');
  const href = fromPercent(fromPercent(parsed?.href ?? cleaned));
  return { raw, scheme, host, tricks, userinfo: fromPercent(user >= 0 ? authority.slice(0, user) : ''), href, tail };
}

/** The host of an authority that the parser refused, to which a more lenient client might connect. */
function looseHostOf(named: string): string {
  const plain = fromPercent(named).replace(/:\d*$/, '').toLowerCase();
  const last = plain.slice(plain.lastIndexOf('@') + 1);
  const bracketed = /^\[([^\]%]*)/.exec(last)?.[1];
  return bracketed ?? last.split('\0')[0] ?? '';
}

const URL_START =
  /[a-zA-Z][a-zA-Z0-9+.-]{0,30}:(?=[\\/]{2})|\b(?:https?|wss?|ftp):(?=[\\/\w[%])|(?<=["'(=\s<])\/\/(?=[\w[])/g;
const URL_END = /[\s<>"'`{}|^)\u3000\u3001]|\\(?=["\\])|[,;](?=[a-zA-Z][a-zA-Z0-9+.-]{0,30}:)/g;

const slashesAt = (text: string, from: number): number =>
  /^[\\/]{0,4}/.exec(text.slice(from, from + 4))?.[0].length ?? 0;

/** The end index of a URL that starts at `from`, without the punctuation of the surrounding sentence. */
function endOfUrl(text: string, from: number): number {
  URL_END.lastIndex = from;
  let end = URL_END.exec(text)?.index ?? text.length;
  while (
    end > from &&
    ',.;!?*]'.includes(text[end - 1] ?? '') &&
    !/\[[^\]]*\]$/.test(text.slice(Math.max(from, end - 50), end))
  )
    end -= 1;
  return end;
}

/** The URLs inside a text, in order and at most one more than `most`; one within another's path or query counts too. */
export function urlsInText(text: string, most = 2_000, maxNested = 3): ReadUrl[] {
  const found: ReadUrl[] = [];
  if (!text.includes(':') && !text.includes('//')) return found;
  URL_START.lastIndex = 0;
  const starts: number[] = [];
  let until = 0;
  for (let match = URL_START.exec(text); match && starts.length <= 2 * most; match = URL_START.exec(text)) {
    if (match.index < until) continue;
    until = endOfUrl(text, match.index + match[0].length + slashesAt(text, match.index + match[0].length));
    starts.push(match.index, until);
    URL_START.lastIndex = Math.max(until, match.index + 1);
  }
  for (let at = 0; at < starts.length; at += 2) {
    const url = readUrl(text.slice(starts[at], starts[at + 1]));
    if (!url) continue;
    found.push(url);
    if (found.length > most) break;
    if (maxNested > 0 && url.tail.length > 8) found.push(...urlsInText(url.tail.slice(1), most, maxNested - 1));
  }
  return found;
}
