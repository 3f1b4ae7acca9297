import { getDomain } from 'tldts';
import { type AddressClass, addressClassOf } from './address.ts';
import {
  DROP_SUFFIXES,
  INTERNAL_SUFFIXES,
  LOOPBACK_NAMES,
  METADATA_NAMES,
  PUBLIC_MAIL,
  STEERED_SUFFIXES,
} from './known-hosts.ts';

/** Whether `name` is `suffix` or a subdomain of it, compared by whole labels. */
export const isUnder = (name: string, suffix: string): boolean => name === suffix || name.endsWith(`.${suffix}`);

/** Whether a name is one of these suffixes or a subdomain of one. */
export function underAny(suffixes: readonly string[]): (name: string) => boolean {
  const among = new Set(suffixes);
  const longest = Math.max(-1, ...suffixes.map((suffix) => suffix.length));
  return (name) => {
    for (let dot = name.length; ; ) {
      dot = dot > 0 ? name.lastIndexOf('.', dot - 1) : -1;
      if (name.length - dot - 1 > longest) return false;
      if (among.has(name.slice(dot + 1))) return true;
      if (dot < 0) return false;
    }
  };
}

const isLoopback = underAny(LOOPBACK_NAMES);
const isInternal = underAny(INTERNAL_SUFFIXES);
const isSteered = underAny(STEERED_SUFFIXES);
export const isDropSite = underAny(DROP_SUFFIXES);

export const isPublicMail = (domain: string): boolean =>
  PUBLIC_MAIL.has(domain) || /^yahoo\.(?:co\.)?[a-z]{2}$/.test(domain);
export const isMetadataName = (name: string): boolean => METADATA_NAMES.has(name);

export type NameClass = 'metadata' | 'loopback' | 'internal_name' | 'steered_name' | 'address_in_name' | 'public';

/** The class of a host name by its spelling. The program that connects must check the addresses it resolves to. */
export function nameClassOf(name: string): NameClass {
  if (METADATA_NAMES.has(name)) return 'metadata';
  const carried = addressCarriedBy(name);
  if (carried === 'metadata') return 'metadata';
  if (isLoopback(name)) return 'loopback';
  if (isInternal(name)) return 'internal_name';
  if (isSteered(name)) return 'steered_name';
  if (carried !== undefined && carried !== 'public') return 'address_in_name';
  return name.includes('.') ? 'public' : 'internal_name';
}

/** The class of an IPv4 address in the labels of a name, such as `10.0.0.5.x.io` or `10-0-0-5.x.io`. */
function addressCarriedBy(name: string): AddressClass | undefined {
  const match = /(?:^|[.;,&=+-])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})(?=[.;,&=+-]|$)/.exec(name);
  return match
    ? addressClassOf(
        match
          .slice(1)
          .join('.')
          .replace(/\b0+(?=\d)/g, ''),
      )
    : undefined;
}

/**
 * The registrable domain, with private suffixes such as `github.io`; the name itself if there is none (an address, a single
 * label).
 */
export function registrableDomainOf(name: string): string {
  const before = REGISTERED.get(name);
  if (before !== undefined) return before;
  const domain = getDomain(name, { allowPrivateDomains: true }) ?? name;
  if (REGISTERED.size >= MOST_REGISTERED) REGISTERED.clear();
  if (name.length <= 253) REGISTERED.set(name, domain);
  return domain;
}

/** Cache: names repeat from call to call, those of the policy in every call. */
const REGISTERED = new Map<string, string>();
const MOST_REGISTERED = 2_000;
