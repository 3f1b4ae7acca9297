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

/** Whether `name` is `suffix` or lies under it: whole labels, never a part of one. */
export const isUnder = (name: string, suffix: string): boolean => name === suffix || name.endsWith(`.${suffix}`);

const isUnderAny = (name: string, suffixes: Iterable<string>): boolean => {
  for (const suffix of suffixes) if (isUnder(name, suffix)) return true;
  return false;
};

export const isPublicMail = (domain: string): boolean =>
  PUBLIC_MAIL.has(domain) || /^yahoo\.(?:co\.)?[a-z]{2}$/.test(domain);
export const isDropSite = (name: string): boolean => isUnderAny(name, DROP_SUFFIXES);
export const isMetadataName = (name: string): boolean => METADATA_NAMES.has(name);

export type NameClass = 'metadata' | 'loopback' | 'internal_name' | 'steered_name' | 'address_in_name' | 'public';

/** What kind of place a host name is, as far as its spelling tells: what it resolves to is the dialler's to check. */
export function nameClassOf(name: string): NameClass {
  if (METADATA_NAMES.has(name)) return 'metadata';
  const carried = addressCarriedBy(name);
  if (carried === 'metadata') return 'metadata';
  if (isUnderAny(name, LOOPBACK_NAMES)) return 'loopback';
  if (isUnderAny(name, INTERNAL_SUFFIXES)) return 'internal_name';
  if (isUnderAny(name, STEERED_SUFFIXES)) return 'steered_name';
  if (carried !== undefined && carried !== 'public') return 'address_in_name';
  return name.includes('.') ? 'public' : 'internal_name';
}

/** The class of an IPv4 address spelt in a name's labels, as `10.0.0.5.x.io` or `10-0-0-5.x.io`. */
function addressCarriedBy(name: string): AddressClass | undefined {
  const match = /(?:^|[.-])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})(?=[.-]|$)/.exec(name);
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
 * The domain that somebody registered, private suffixes such as `github.io` respected; the name itself where there is
 * none (an address, a single label).
 */
export const registrableDomainOf = (name: string): string => getDomain(name, { allowPrivateDomains: true }) ?? name;
