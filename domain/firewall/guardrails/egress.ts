import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding, Severity } from '../../../contracts/verdict.ts';
import { type FindingTemplate, findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { addressClassOf } from '../hosts/address.ts';
import { type AllowList, allowListOf } from '../hosts/allow-list.ts';
import { isPublicMail, isUnder, nameClassOf, registrableDomainOf } from '../hosts/host-names.ts';
import { decodedName } from '../hosts/punycode.ts';
import type { ReadUrl, UrlTrick } from '../hosts/url.ts';
import { type EgressLimits, limitOf, limitsOf, methodFindings, reachedBy } from '../outbound/egress-limits.ts';
import { type NamedPlace, namedPlaces } from '../outbound/named-places.ts';
import { splitUrls } from '../parsing/split-urls.ts';
import type { TypedValue } from '../parsing/typed-values.ts';
import { skeletonOf } from '../text/confusables.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';
import { ACTIVE_DATA } from './patterns.ts';
import { HOST_SCHEMES, HOSTILE_SCHEMES, URL_KEYS } from './words.ts';

type EgressRule = RuleOf<'egress'>;

const template = templatesOf('egress');

const PLACES = {
  metadata: ['critical', 'This reaches the metadata service of a cloud or cluster, which hands out credentials.'],
  loopback: ['high', 'This reaches the machine that makes the call itself.'],
  link_local: ['high', 'This reaches a link-local address, which only the own network segment can see.'],
  private: ['high', 'This reaches a private network address.'],
  carrier_nat: ['high', 'This reaches a carrier-internal address (100.64.0.0/10).'],
  reserved: ['high', 'This reaches a reserved address that no public service uses.'],
  internal_name: ['high', 'This name resolves only inside an internal network.'],
  steered_name: ['high', 'This name resolves to whatever its caller chooses, internal addresses included.'],
  address_in_name: ['high', 'This name spells an internal address in its labels.'],
} as const satisfies Record<string, readonly [Severity, string]>;

const TRICKS: Record<UrlTrick, string> = {
  control_in_scheme: 'A control character hides in the scheme of this URL.',
  slashes: 'This URL is written with the wrong slashes, so that two parsers may read two hosts.',
  backslash: 'A backslash before the host makes two parsers read two hosts.',
  userinfo: 'This URL carries a user name before its host.',
  at_in_fragment: 'An @ right behind the host makes two parsers read two hosts.',
  percent_in_host: 'The host of this URL is percent-encoded.',
  refused: 'The host of this URL is malformed, so clients differ in where they connect.',
  odd_address: 'An address is spelt in an unusual notation.',
  odd_letters: 'The host is spelt in look-alike characters.',
};

const PICTURE_DATA = /^data:(?:image|audio|video|font)\//i;

/** Outbound calls to places that only the own network should reach: metadata, the own host, private networks, in every spelling. */
const egressOf = (rule: EgressRule): Guardrail => {
  const limits = limitsOf(rule);
  return {
    id: 'egress',
    check(action, context) {
      const allowed = allowListOf(context.allowed_domains);
      const findings = new Map<string, Finding>();
      for (const finding of methodFindings(action, limits)) findings.set(finding.pointer, finding);
      for (const value of [...action.values, ...splitUrls(action)]) {
        const worst = judge(value, allowed);
        // A policy can allow private networks, never a metadata service.
        const found =
          (worst && !(limits.allowPrivate && PRIVATE_PLACES.has(worst.judgement.id)) ? worst : undefined) ??
          limited(value, limits);
        if (!found) continue;
        const { judgement, raw, sameAs } = found;
        const key = `${judgement.id} ${value.place.pointer} ${sameAs}`;
        if (findings.has(key)) continue;
        findings.set(key, findingOf(judgement, value.place.pointer, raw));
      }
      if (limits.limitsPlaces)
        for (const named of namedPlaces(action)) {
          const judgement = placeLimit(named, limits);
          if (!judgement) continue;
          const { pointer } = named.place;
          const isKnown = [...findings.values()].some((one) => one.id === judgement.id && one.pointer === pointer);
          if (!isKnown) findings.set(`${judgement.id} ${pointer}`, findingOf(judgement, pointer, named.raw));
        }
      return [...findings.values()];
    },
  };
};

const UNPARSED = template(
  'unparsed',
  'medium',
  'This is not a host or URL that can be read, so the list of domains cannot be checked.',
);

/** What names no readable host is outside every list of hosts. */
function placeLimit({ reached, isCut }: NamedPlace, limits: EgressLimits): FindingTemplate | undefined {
  if (reached) return limitOf(reached, limits);
  return isCut || limits.allowed || limits.denied ? UNPARSED : undefined;
}

export const egress: GuardrailDefinition<'egress'> = {
  kind: 'egress',
  builtIn: true,
  loosens: {
    allowed_schemes: 'only',
    allowed_domains: 'only',
    denied_domains: 'never',
    allowed_ports: 'only',
    allowed_methods: 'only',
    allowed_paths: 'only',
    extra_blocked_addresses: 'never',
    allow_private: ['on_is_looser', false],
  },
  historyWindow: noHistory,
  create: egressOf,
  compiles: 'extra_blocked_addresses',
};

const PRIVATE_PLACES = new Set(
  ['private', 'internal_name', 'carrier_nat', 'address_in_name'].map((place) => `egress/${place}`),
);

/** The configured limits, for a URL that has no other finding. */
function limited(
  value: TypedValue,
  limits: EgressLimits,
): { judgement: FindingTemplate; raw: string; sameAs: string } | undefined {
  if (value.type !== 'url' || value.url.host === '') return undefined;
  const judgement = limitOf(reachedBy(value.url), limits);
  return judgement && { judgement, raw: value.url.raw, sameAs: value.url.href };
}

function judge(
  value: TypedValue,
  allowed: AllowList,
): { judgement: FindingTemplate; raw: string; sameAs: string } | undefined {
  if (value.type === 'address') {
    const judgement = value.class === 'public' ? undefined : placed(value.class);
    return judgement && { judgement, raw: value.raw, sameAs: value.raw };
  }
  if (value.type === 'domain') {
    const bordering = allowed.host(value.name)
      ? undefined
      : allowed.domains.find((one) => isBordering(value.name, one));
    if (bordering !== undefined) {
      const judgement: FindingTemplate = template(
        'look_alike',
        'medium',
        `This name is that of ${bordering} with words added, and somebody else's.`,
      );
      return { judgement, raw: value.raw, sameAs: value.raw };
    }
    const place = nameClassOf(value.name);
    const named = value.place.last.some((word) => URL_KEYS.has(word) || word.startsWith('host')) ?? false;
    if (place === 'public' || allowed.host(value.name) || (!named && place !== 'metadata')) return undefined;
    return { judgement: placed(place), raw: value.raw, sameAs: value.raw };
  }
  if (value.type !== 'url') return undefined;
  const keyed = value.place.last.some((word) => URL_KEYS.has(word)) ?? false;
  const judgement = judgeUrl(value.url, allowed, keyed);
  if (!judgement) return undefined;
  // A URL in prose is less likely to be called, but credentials in it are still reported.
  const severity = !value.whole && judgement.severity === 'high' ? 'medium' : judgement.severity;
  return { judgement: { ...judgement, severity }, raw: value.url.raw, sameAs: value.url.href };
}

/** The gravest finding of a URL: where it leads comes before how it is written. */
function judgeUrl(url: ReadUrl, allowed: AllowList, keyed: boolean): FindingTemplate | undefined {
  const place = placeOf(url, allowed);
  if (place && (place.severity === 'critical' || !HOSTILE_SCHEMES.has(url.scheme))) return place;
  if (HOSTILE_SCHEMES.has(url.scheme)) {
    return template('scheme', 'high', `The scheme ${url.scheme}: does not call a public service.`);
  }
  if (url.scheme === 'data' && (ACTIVE_DATA.test(url.raw) || (keyed && !PICTURE_DATA.test(url.raw)))) {
    return template('scheme', 'medium', 'A data: URL brings its own content, which may be active.');
  }
  if (url.host === '') return undefined;
  const spoof = spoofOf(url, allowed);
  if (spoof) return spoof;
  const trick = url.tricks[0];
  if (!trick) return undefined;
  const plainUser = url.tricks.length === 1 && trick === 'userinfo' && !/[.@]/.test(url.userinfo.split(':')[0] ?? '');
  return plainUser
    ? template('userinfo', 'medium', TRICKS[trick])
    : template('hostile_spelling', 'high', TRICKS[trick]);
}

function placeOf(url: ReadUrl, allowed: AllowList): FindingTemplate | undefined {
  if (url.host === '') return undefined;
  const address = addressClassOf(url.host);
  if (address !== undefined) return address === 'public' ? undefined : placed(address);
  const place = nameClassOf(url.host);
  if (place === 'public' || (place === 'internal_name' && allowed.host(url.host))) return undefined;
  if (place === 'internal_name' && !url.host.includes('.') && !HOST_SCHEMES.has(url.scheme)) return numericOf(url.host);
  return placed(place);
}

/** A host that is only digits is an address to lenient clients; as http the parser has resolved it already. */
const numericOf = (host: string): FindingTemplate | undefined =>
  /^(?:0x)?[0-9a-f]*\d[0-9a-f]*$/.test(host) && host.length > 7 ? placed('reserved') : undefined;

const placed = (place: keyof typeof PLACES): FindingTemplate => template(place, PLACES[place][0], PLACES[place][1]);

/** A host that a person could mistake for an allowed one: by its first labels, or by letters that look the same. */
function spoofOf(url: ReadUrl, allowed: AllowList): FindingTemplate | undefined {
  if (allowed.host(url.host)) return undefined;
  const shown = decodedName(url.host);
  const skeleton = skeletonOf(shown);
  for (const domain of allowed.domains) {
    if (url.host.includes(domain) && new RegExp(`(?:^|[.-])${escaped(domain)}[.-]`).test(url.host)) {
      return template('spoofed_domain', 'high', `This host starts like ${domain} and belongs to somebody else.`);
    }
    if (shown !== url.host && isUnder(skeleton, skeletonOf(domain))) {
      return template('look_alike', 'high', `This host looks like ${domain} and is another one.`);
    }
  }
  const bordering = allowed.domains.find((domain) => isBordering(url.host, domain));
  if (bordering !== undefined) {
    return template(
      'look_alike',
      'medium',
      `The name of this host is that of ${bordering} with words added, and somebody else's.`,
    );
  }
  const mixed =
    shown !== url.host &&
    shown
      .split('.')
      .some(
        (label) =>
          /[a-z]/.test(label) &&
          /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u.test(label),
      );
  return mixed ? template('look_alike', 'medium', 'A label of this host mixes scripts that look alike.') : undefined;
}

/** `secure-acme.com` and `acme-login.net` beside `acme.com`: the registered label is the known one, or joins it with a hyphen. */
function isBordering(host: string, domain: string): boolean {
  // A bucket, or a service on the own network.
  if (!host.includes('.')) return false;
  if (isPublicMail(domain) || domain.includes('@')) return false;
  const label = registrableDomainOf(domain).split('.')[0] ?? '';
  if (label.length < 6) return false;
  const own = registrableDomainOf(host).split('.')[0] ?? '';
  return own !== label && own.includes('-') && `-${own}-`.includes(`-${label}-`);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
