import { readUrl } from '../hosts/url.ts';
import type { ParsedAction } from './parsed-action.ts';
import type { UrlValue } from './typed-values.ts';
import { HOST_KEYS, PATH_KEYS, SCHEME_KEYS } from './words.ts';

const MAX_HOST_KEY = 9;
const MAX_KEY = 8;
const MOST = 100;
const PORT: ReadonlySet<string> = new Set(['port']);

/** URLs that are split into several members, `{ scheme, host, port, path }`: joined and judged as a URL. */
export function splitUrls(action: ParsedAction): UrlValue[] {
  const found: UrlValue[] = [];
  const seen = new Set<object>();
  for (const value of action.values) {
    if (
      value.type !== 'principal_change' ||
      typeof value.value !== 'string' ||
      value.raw.length > MAX_HOST_KEY ||
      !value.place.owner ||
      seen.has(value.place.owner)
    )
      continue;
    const key = value.raw.toLowerCase();
    if (!HOST_KEYS.has(key) || value.value.length > 255 || /[\s/]/.test(value.value)) continue;
    // Many members may have such a name in different case: each object is searched once.
    seen.add(value.place.owner);
    const scheme = memberOf(value.place.owner, SCHEME_KEYS);
    if (scheme === undefined) continue;
    const port = memberOf(value.place.owner, PORT);
    const path = memberOf(value.place.owner, PATH_KEYS) ?? '';
    const host =
      value.value.includes(':') && !value.value.startsWith('[') && !/:\d+$/.test(value.value)
        ? `[${value.value}]`
        : value.value;
    const url = readUrl(
      `${scheme.replace(/:?\/*$/, '')}://${host}${port === undefined ? '' : `:${port}`}${path.startsWith('/') ? path : `/${path}`}`,
    );
    if (url) found.push({ place: value.place, type: 'url', url, whole: true });
    if (found.length >= MOST) break;
  }
  return found;
}

function memberOf(owner: Readonly<Record<string, unknown>>, names: ReadonlySet<string>): string | undefined {
  for (const key of Object.keys(owner)) {
    if (key.length > MAX_KEY || !names.has(key.toLowerCase())) continue;
    const value = owner[key];
    if ((typeof value === 'string' || typeof value === 'number') && String(value).length <= 2_000) return String(value);
  }
  return undefined;
}
