import ipaddr from 'ipaddr.js';
import { METADATA_ADDRESSES } from './known-hosts.ts';

/** Classes of IP addresses, the worst first. Only `public` ones may be called without a finding. */
export const ADDRESS_CLASSES = [
  'metadata',
  'loopback',
  'link_local',
  'private',
  'carrier_nat',
  'reserved',
  'public',
] as const;
export type AddressClass = (typeof ADDRESS_CLASSES)[number];

/** Whether a text contains one of them in plain notation, not as part of a longer number. */
export const metadataAddressIn = (text: string): string | undefined => {
  for (const [quad] of text.matchAll(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d]|\.\d)/g))
    if (METADATA_ADDRESSES.has(quad)) return quad;
  return undefined;
};

const CLASS_OF_RANGE: Record<string, AddressClass> = {
  unicast: 'public',
  loopback: 'loopback',
  unspecified: 'loopback',
  linkLocal: 'link_local',
  private: 'private',
  uniqueLocal: 'private',
  deprecatedSiteLocal: 'private',
  carrierGradeNat: 'carrier_nat',
};

const worse = (a: AddressClass, b: AddressClass): AddressClass =>
  ADDRESS_CLASSES.indexOf(a) <= ADDRESS_CLASSES.indexOf(b) ? a : b;

/**
 * The class of a canonical IP address, without brackets; undefined for a name. An IPv6 address that wraps an IPv4 one
 * (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) gets the worse class of the two.
 */
export function addressClassOf(host: string): AddressClass | undefined {
  const bare = host.replace(/%.*$/, '');
  if (bare.includes(':')) {
    if (!/^[0-9a-f:.]{2,45}$/i.test(bare) || !ipaddr.IPv6.isValid(bare)) return undefined;
    const address = ipaddr.IPv6.parse(bare);
    const own = METADATA_ADDRESSES.has(address.toString())
      ? 'metadata'
      : (CLASS_OF_RANGE[address.range()] ?? 'reserved');
    const wrapped = wrappedIn(address).map(classOfIPv4).reduce(worse, 'public');
    return address.isIPv4MappedAddress() ? wrapped : worse(wrapped, own);
  }
  // Checks the shape first: the library throws on invalid input, which costs too much for the many strings that are no addresses.
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(bare) || !ipaddr.IPv4.isValidFourPartDecimal(bare)) return undefined;
  return classOfIPv4(ipaddr.IPv4.parse(bare));
}

function classOfIPv4(address: ipaddr.IPv4): AddressClass {
  if (METADATA_ADDRESSES.has(address.toString())) return 'metadata';
  // On common systems all of 0.0.0.0/8 reaches the local host.
  if (address.octets[0] === 0) return 'loopback';
  return CLASS_OF_RANGE[address.range()] ?? 'reserved';
}

/** The IPv4 addresses to which an IPv6 address may be translated or tunnelled. */
function wrappedIn(address: ipaddr.IPv6): ipaddr.IPv4[] {
  const parts = address.parts;
  const v4 = (high: number, low: number): ipaddr.IPv4 =>
    new ipaddr.IPv4([(high >> 8) & 0xff, high & 0xff, (low >> 8) & 0xff, low & 0xff]);
  const part = (index: number): number => parts[index] ?? 0;
  const range = address.range();
  const found: ipaddr.IPv4[] = [];
  const compatible = parts.slice(0, 6).every((value) => value === 0) && part(6) + part(7) > 1;
  const isatap = part(5) === 0x5efe && (part(4) & 0xfdff) === 0;
  if (compatible || isatap || address.isIPv4MappedAddress() || range === 'rfc6052' || range === 'rfc6145') {
    found.push(v4(part(6), part(7)));
  }
  if (range === '6to4') found.push(v4(part(1), part(2)));
  if (range === 'teredo') found.push(v4(part(2), part(3)), v4(part(6) ^ 0xffff, part(7) ^ 0xffff));
  return found;
}
