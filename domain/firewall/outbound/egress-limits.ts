import ipaddr from 'ipaddr.js';
import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding, Severity } from '../../../contracts/verdict.ts';
import { type FindingTemplate, findingOf, templatesOf } from '../finding.ts';
import type { FindingName } from '../finding-names.ts';
import type { AllowList } from '../hosts/allow-list.ts';
import { allowListOf } from '../hosts/allow-list.ts';
import type { ReadUrl } from '../hosts/url.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { resolvedPath } from '../parsing/plain-payload.ts';

const template = templatesOf('egress');
const UNLISTED_METHOD = template('method', 'medium', 'The policy does not list this method.');

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** An egress rule with prepared lists. */
export interface EgressLimits {
  schemes: ReadonlySet<string> | undefined;
  allowed: AllowList | undefined;
  denied: AllowList | undefined;
  ports: ReadonlySet<number> | undefined;
  methods: ReadonlySet<string> | undefined;
  paths: readonly string[] | undefined;
  blocked: readonly Range[];
  allowPrivate: boolean;
  /** Whether a host without a URL can be outside the limits. */
  limitsPlaces: boolean;
}

/** @throws Error when a blocked address is neither an address nor a range. */
export const limitsOf = (rule: RuleOf<'egress'>): EgressLimits => ({
  schemes: rule.allowed_schemes && new Set(rule.allowed_schemes.map((one) => one.toLowerCase().replace(/:.*$/, ''))),
  allowed: rule.allowed_domains && allowListOf(rule.allowed_domains),
  denied: rule.denied_domains && allowListOf(rule.denied_domains),
  ports: rule.allowed_ports && new Set(rule.allowed_ports),
  methods: rule.allowed_methods && new Set(rule.allowed_methods.map((one) => one.toUpperCase())),
  paths: rule.allowed_paths,
  blocked: (rule.extra_blocked_addresses ?? []).map(rangeOf),
  allowPrivate: rule.allow_private ?? false,
  limitsPlaces: [
    rule.allowed_domains,
    rule.denied_domains,
    rule.allowed_ports,
    rule.allowed_paths,
    rule.extra_blocked_addresses,
  ].some((list) => list !== undefined),
});

function rangeOf(text: string): Range {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    if (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)) throw new Error('a short form');
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    throw new Error(`${text} is neither an address nor a range.`);
  }
}

const PORTS: Record<string, number> = { http: 80, ws: 80, https: 443, wss: 443, ftp: 21, ssh: 22, sftp: 22 };

/** What a limit judges of a place that a call names. A member that is undefined is not named there. */
export interface Reached {
  readonly host: string;
  readonly scheme: string | undefined;
  /** -1 when a scheme without a known port is named. */
  readonly port: number | undefined;
  /** As sent; the server resolves it. */
  readonly path: string | undefined;
}

export const reachedBy = (url: ReadUrl): Reached => ({
  host: url.host,
  scheme: url.scheme,
  port: portOf(url) ?? -1,
  path: pathOf(url),
});

/** Why a place is outside the limits; undefined if it is inside. */
export function limitOf({ host, scheme, port, path }: Reached, limits: EgressLimits): FindingTemplate | undefined {
  const limit = (name: FindingName<'egress'>, message: string, severity: Severity = 'medium') =>
    template(name, severity, message);
  if (isBlocked(host, limits)) return limit('blocked_address', 'The policy blocks this address.', 'high');
  if (limits.denied?.host(host)) return limit('denied_domain', 'The policy denies this domain.', 'high');
  if (limits.allowed && !limits.allowed.host(host))
    return limit('unlisted_domain', 'The policy does not list this domain.');
  if (limits.schemes && scheme !== undefined && !limits.schemes.has(scheme))
    return limit('scheme', `The policy does not list the scheme ${scheme}:.`);
  if (limits.ports && port !== undefined && !limits.ports.has(port))
    return limit('port', 'The policy does not list this port.');
  if (limits.paths && path !== undefined && !isListedPath(path, limits.paths))
    return limit('path', 'The policy does not list this path.');
  return undefined;
}

const isBlocked = (host: string, { blocked }: EgressLimits): boolean => {
  if (blocked.length === 0 || !ipaddr.isValid(host)) return false;
  const address = ipaddr.process(host);
  return blocked.some(([range, bits]) => address.kind() === range.kind() && address.match(range as never, bits));
};

function portOf(url: ReadUrl): number | undefined {
  try {
    const { port } = new URL(url.href);
    return port === '' ? PORTS[url.scheme] : Number(port);
  } catch {
    return undefined;
  }
}

function pathOf(url: ReadUrl): string {
  try {
    return new URL(url.href).pathname;
  } catch {
    return url.tail.split(/[?#]/)[0] ?? '';
  }
}

/** As sent and as a server resolves it: neither `/public/../admin` nor `/public/..;/admin` is below `/public`. */
const isListedPath = (path: string, prefixes: readonly string[]): boolean =>
  [path, resolvedPath(path) ?? path].every((one) => prefixes.some((prefix) => startsAt(one, prefix)));

const startsAt = (path: string, prefix: string): boolean =>
  path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);

/** An HTTP method that the policy does not list. */
export function methodFindings(action: ParsedAction, { methods }: EgressLimits): Finding[] {
  if (!methods) return [];
  return action.values.flatMap((value): Finding[] => {
    if (value.type !== 'principal_change' || typeof value.value !== 'string') return [];
    const method = value.value.trim().toUpperCase();
    if (value.place.words.at(-1)?.at(-1) !== 'method' || !/^[A-Z]{3,10}$/.test(method) || methods.has(method))
      return [];
    return [findingOf(UNLISTED_METHOD, value.place.pointer, method)];
  });
}
