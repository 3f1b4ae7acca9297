import { getDomain } from 'tldts';
import { type AddressClass, addressClassOf } from './address.ts';

/** Whether `name` is `suffix` or lies under it: whole labels, never a part of one. */
export const isUnder = (name: string, suffix: string): boolean => name === suffix || name.endsWith(`.${suffix}`);

const isUnderAny = (name: string, suffixes: Iterable<string>): boolean => {
  for (const suffix of suffixes) if (isUnder(name, suffix)) return true;
  return false;
};

/** Names that clouds and clusters answer with credentials, or with the keys to them. */
const METADATA_NAMES = new Set([
  'metadata',
  'instance-data',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.tencentyun.com',
  'metadata.azure.internal',
  'metadata.platformequinix.com',
  'metadata.packet.net',
  'rancher-metadata',
  'instance-data.ec2.internal',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]);

const LOOPBACK_NAMES = ['localhost', 'localdomain', 'ip6-localhost', 'ip6-loopback', 'broadcasthost'];

/** Suffixes that resolve inside an organisation's own network only. */
const INTERNAL_SUFFIXES = [
  'internal',
  'local',
  'svc',
  'consul',
  'lan',
  'intranet',
  'corp',
  'home',
  'private',
  'home.arpa',
  'docker',
  'vpn',
];

/** Public names that resolve to whatever address the caller writes into them, to this host, or to a new place each time. */
const STEERED_SUFFIXES = [
  'nip.io',
  'sslip.io',
  'xip.io',
  'xip.name',
  'nip.name',
  'traefik.me',
  'backname.io',
  'localtest.me',
  'lvh.me',
  'lvh.pw',
  'localh.st',
  'vcap.me',
  'lacolhost.com',
  'local.gd',
  'readme.localtest.me',
  'yoogle.com',
  '1u.ms',
  'rbndr.us',
  'rebind.network',
  'r3dir.me',
  'ulh.us',
  'fuf.me',
  'domaincontrol.local',
  '127-0-0-1.org.uk',
  'feacluster.com',
];

/** Services that take anything from anybody: pastes, file drops, request catchers, tunnels to a private machine. */
const DROP_SUFFIXES = [
  'pastebin.com',
  'paste.ee',
  'pastie.org',
  'hastebin.com',
  'dpaste.com',
  'dpaste.org',
  'ghostbin.com',
  'rentry.co',
  'transfer.sh',
  '0x0.st',
  'file.io',
  'gofile.io',
  'anonfiles.com',
  'catbox.moe',
  'termbin.com',
  'ix.io',
  'temp.sh',
  'webhook.site',
  'requestbin.com',
  'requestbin.net',
  'requestcatcher.com',
  'hookbin.com',
  'pipedream.net',
  'beeceptor.com',
  'interact.sh',
  'oast.fun',
  'oast.pro',
  'oast.live',
  'oast.site',
  'oast.me',
  'oast.online',
  'oastify.com',
  'burpcollaborator.net',
  'canarytokens.com',
  'dnslog.cn',
  'ceye.io',
  'ngrok.io',
  'ngrok.app',
  'ngrok.dev',
  'ngrok-free.app',
  'ngrok-free.dev',
  'trycloudflare.com',
  'loca.lt',
  'localtunnel.me',
  'serveo.net',
  'localhost.run',
  'lhr.life',
  'bore.pub',
  'pinggy.link',
  'telebit.cloud',
];

/** Providers where one domain is many unrelated people: there a destination is the whole address. */
const PUBLIC_MAIL = new Set([
  'gmail.com',
  'googlemail.com',
  'outlook.com',
  'hotmail.com',
  'live.com',
  'msn.com',
  'yahoo.com',
  'ymail.com',
  'icloud.com',
  'me.com',
  'mac.com',
  'aol.com',
  'proton.me',
  'protonmail.com',
  'pm.me',
  'gmx.com',
  'gmx.de',
  'gmx.net',
  'web.de',
  't-online.de',
  'mail.com',
  'zoho.com',
  'yandex.com',
  'yandex.ru',
  'mail.ru',
  'qq.com',
  '163.com',
  '126.com',
  'fastmail.com',
  'hey.com',
  'tutanota.com',
  'tuta.io',
  'mailinator.com',
  'guerrillamail.com',
  'orange.fr',
  'free.fr',
  'laposte.net',
  'libero.it',
  'comcast.net',
  'verizon.net',
  'att.net',
  'btinternet.com',
  'naver.com',
  'rediffmail.com',
]);

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
