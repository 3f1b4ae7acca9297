import { LetsPingError } from './errors.ts';

/** The only place in the client that reads the environment, which an edge runtime or a browser may not have. */
const variable = (name: string): string | undefined =>
  (typeof process === 'object' && process !== null && process.env?.[name]) || undefined;

/**
 * The base of all routes, `…/api`. Accepts the API's base or the root of the server.
 * @throws LetsPingError `LETSPING_CONFIG` for anything but a plain http(s) address.
 */
export function apiBaseOf(address: string): string {
  const url = parsed(address);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new LetsPingError(
      'LETSPING_CONFIG',
      'the base URL must be an http:// or https:// address without credentials or query, for example http://127.0.0.1:4400',
    );
  }
  const path = url.pathname.replace(/\/+/g, '/').replace(/\/$/, '');
  return `${url.origin}${path.endsWith('/api') ? path : `${path}/api`}`;
}

/** Without `URL.canParse`: once it is compiled, that of Node 20 refuses a name with a letter such as `ü`. */
function parsed(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

export interface ClientSettings {
  apiKey: string;
  apiBase: string;
  /** Label of the environment, from `LETSPING_ENVIRONMENT`. */
  environment: string | undefined;
}

/** The attacker reads what the application believes to be encrypted, so a key that is not used is refused. */
export const NO_ENCRYPTION =
  'this client does not encrypt payloads: they would be sent in clear to the server, which seals them. Remove the key';

/**
 * Key and address: the arguments, else `LETSPING_API_KEY` and `LETSPING_BASE_URL`. There is no default address, so that a
 * key is never sent to a server that nobody configured.
 * @throws LetsPingError `LETSPING_CONFIG` that names everything missing, or an encryption key, which this client does not use.
 */
export function clientSettings(apiKey?: string, baseUrl?: string): ClientSettings {
  const key = apiKey || variable('LETSPING_API_KEY');
  const address = baseUrl || variable('LETSPING_BASE_URL');
  if (variable('LETSPING_ENCRYPTION_KEY') !== undefined)
    throw new LetsPingError('LETSPING_CONFIG', `LETSPING_ENCRYPTION_KEY is set, but ${NO_ENCRYPTION}`);
  const missing = [
    ...(key ? [] : ['an API key (the first argument of LetsPing, or LETSPING_API_KEY)']),
    ...(address ? [] : ["the server's address (the option baseUrl, or LETSPING_BASE_URL)"]),
  ];
  if (!key || !address) throw new LetsPingError('LETSPING_CONFIG', `LetsPing needs ${missing.join(' and ')}`);
  return { apiKey: key, apiBase: apiBaseOf(address), environment: variable('LETSPING_ENVIRONMENT') };
}
