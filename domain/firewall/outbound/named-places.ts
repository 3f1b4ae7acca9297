import { type ReadUrl, readUrl } from '../hosts/url.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { Place } from '../parsing/path.ts';
import { perOwner } from '../parsing/per-owner.ts';
import { HOST_WORDS } from '../parsing/words.ts';
import { visible } from '../text/confusables.ts';
import { keyWords } from '../text/key-words.ts';
import { type Reached, reachedBy } from './egress-limits.ts';
import { JOINED_PATH_KEYS, SURE_HOST_WORDS, WRAPPED_HOST_KEYS } from './words.ts';

const HOST = keyWords(HOST_WORDS);
const SURE_HOST = keyWords(SURE_HOST_WORDS);
const MOST = 1_000;
const MOST_PATHS = 10;
const MAX_KEY = 40;
const MAX_TEXT = 2_048;

/** A place that a call names without being a URL: a host alone, or a base and a path apart. */
export interface NamedPlace {
  readonly place: Place;
  readonly raw: string;
  /** Undefined when the value is no host, although its key says so. */
  readonly reached: Reached | undefined;
  /** Whether more members follow than are read: no limit can be checked. */
  readonly isCut?: boolean;
}

/** A path, a query or a fragment of a host that is named elsewhere. */
const RELATIVE = /^(?:[?#]|[/\\](?![/\\])|\.{1,2}(?:[/\\]|$))/;
const SCP = /^[\w.-]{1,64}@([^\s:/@]{1,253}):(?!\/\/)/;
const HOST_NAME = /^(?:[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62})\.)*[\p{L}\p{N}_][\p{L}\p{N}_-]{0,62}$/u;
const HAS_ENDING = /\.(?:xn--[a-z0-9-]+|\p{L}{2,})$/u;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{0,4}(?::[\da-f]{0,4}){2,7})$/i;

/** The places that the members of an action name, besides its URLs. */
export function namedPlaces(action: ParsedAction): NamedPlace[] {
  const found: NamedPlace[] = [];
  for (const value of action.values) {
    if (value.type !== 'principal_change') continue;
    const { place } = value;
    const sure = surenessOf(place, action);
    if (sure === undefined) continue;
    if (found.length >= MOST) {
      // The rest is not read.
      found.push({ place, raw: String(value.value), reached: undefined, isCut: true });
      break;
    }
    // A number can be an address: 2130706433 is 127.0.0.1.
    const raw = sure && typeof value.value === 'number' ? String(value.value) : value.value;
    const text = typeof raw === 'string' ? visible(raw).trim() : '';
    if (typeof raw !== 'string' || text === '') continue;
    const beside = besideOf(place.owner);
    if (beside.paths.length > MOST_PATHS || beside.paths.some((path) => path.length > MAX_TEXT))
      found.push({ place, raw, reached: undefined, isCut: true });
    else if (text.length <= MAX_TEXT && !RELATIVE.test(text))
      for (const url of beside.paths.flatMap((path) => joined(path, text)))
        found.push({ place, raw: url.raw, reached: reachedBy(url) });
    const reached = hostIn(text);
    if (reached === 'none') continue;
    if (reached === undefined) {
      if (sure) found.push({ place, raw, reached });
    } else if (sure || HAS_ENDING.test(reached.host) || ADDRESS.test(reached.host))
      found.push({ place, raw, reached: { ...reached, port: reached.port ?? beside.port } });
  }
  return found;
}

/** Whether a value is a host: true by its key, false if it must also look like one. */
function surenessOf(place: Place, action: ParsedAction): boolean | undefined {
  const role = action.roleAt(place.pointer);
  if (role !== undefined) return role === 'destination' ? true : undefined;
  if ((place.sets & SURE_HOST) !== 0) return true;
  if ((place.sets & HOST) !== 0) return false;
  // `{ host: { name: 'a.example' } }`
  return (place.near & HOST) !== 0 && place.last.length === 1 && WRAPPED_HOST_KEYS.has(place.last[0] ?? '')
    ? false
    : undefined;
}

/** The host that a text names without a scheme; `none` if it names none or is a URL, undefined if it is not readable. */
function hostIn(text: string): Reached | 'none' | undefined {
  if (text.length > MAX_TEXT) return undefined;
  if (RELATIVE.test(text) || readUrl(text) !== undefined) return 'none';
  const scp = SCP.exec(text)?.[1];
  const bare = text.includes(':') && ADDRESS.test(text) ? `[${text}]` : text;
  const url = /\s/.test(bare) ? undefined : readUrl(`https://${scp ?? bare}`);
  if (!url || !(HOST_NAME.test(url.host) || ADDRESS.test(url.host))) return undefined;
  const { host, path, port } = reachedBy(url);
  const isPortNamed = /^[^/?#]*:\d+(?:[/?#]|$)/.test(bare) && scp === undefined && !bare.startsWith('[');
  return {
    host,
    scheme: undefined,
    port: isPortNamed ? port : undefined,
    path: scp === undefined && /[/\\]/.test(bare) ? path : undefined,
  };
}

/** What the members beside a host say. */
interface Beside {
  readonly port: number | undefined;
  readonly paths: readonly string[];
}

const NOTHING_BESIDE: Beside = { port: undefined, paths: [] };

const besideOf = perOwner(NOTHING_BESIDE, (owner): Beside => {
  const members = Object.entries(owner).filter(([key]) => key.length <= MAX_KEY);
  const port = members.find(([key]) => plainKey(key) === 'port')?.[1];
  const paths = members.flatMap(([key, value]) =>
    typeof value === 'string' && value !== '' && JOINED_PATH_KEYS.has(plainKey(key)) ? [visible(value).trim()] : [],
  );
  return { port: portOf(port), paths };
});

function portOf(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const number = Number(typeof value === 'string' ? visible(value).trim() : value);
  return Number.isInteger(number) ? number : -1;
}

/** `{ base_url: 'https://ours.example', path: '.theirs.example/x' }`: a program may join the two in more than one way. */
function joined(path: string, base: string): ReadUrl[] {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(base) ? base : `https://${base}`;
  const ways = [
    `${whole.replace(/\/$/, '')}/${path.replace(/^\//, '')}`,
    resolvedAgainst(path, whole),
    CONTINUES_HOST.test(path) ? `${whole}${path}` : undefined,
  ];
  return ways.flatMap((one) => {
    const url = one === undefined ? undefined : readUrl(one);
    return url && url.host !== '' ? [url] : [];
  });
}

/** Written right behind a host, these are part of its name; `v1/items` gives a name that nobody can own. */
const CONTINUES_HOST = /^[^/?#]*[.@:%-]|^[^\w/?#]/;

const plainKey = (key: string): string =>
  visible(key)
    .toLowerCase()
    .replace(/[^a-z]/g, '');

function resolvedAgainst(path: string, base: string): string | undefined {
  try {
    return new URL(path, base).href;
  } catch {
    return undefined;
  }
}
