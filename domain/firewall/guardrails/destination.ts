import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding, Severity } from '../../../contracts/verdict.ts';
import { DIRECTION_OVERRIDE, REGION_FLAG, TAG_CHARACTER, ZERO_WIDTH_RUN } from '../../invisible-characters.ts';
import { evidenceOf, findingOf, templatesOf } from '../finding.ts';
import type { FindingName } from '../finding-names.ts';
import type { Guardrail } from '../guardrail.ts';
import { type AllowList, allowListOf } from '../hosts/allow-list.ts';
import { isDropSite } from '../hosts/host-names.ts';
import { urlsInText } from '../hosts/url.ts';
import { type Destination, destinationsOf } from '../outbound/destinations.ts';
import type { Known } from '../outbound/known.ts';
import { sharesWithAll } from '../outbound/public-share.ts';
import { verbsOf } from '../parsing/action-verbs.ts';
import type { TypedValue } from '../parsing/typed-values.ts';
import { CHARACTER_CLASSES } from '../text/character-classes.ts';
import { decodedForms, isBase32Text } from '../text/decode.ts';
import { keyWords } from '../text/key-words.ts';
import { isIban, isWallet } from '../text/payment-accounts.ts';
import { anyOf } from '../text/word-list.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';
import { ACTIVE_MARKUP, INJECTED_HEADER, MARKUP_LOAD } from './patterns.ts';
import { HEADER_KEYS, LINK_ENDINGS, SHOWN_KEYS, WALLET_KEYS } from './words.ts';

type DestinationRule = RuleOf<'destination'>;

const template = templatesOf('destination');
const PUBLIC_SHARE = template('public_share', 'medium', 'This opens something to everybody.');

/**
 * Where an action sends to. With `allowed_domains` in the policy every destination has to be in them. Without them a call may reach
 * one receiver: the first of `to`, or else the first destination of the payload.
 */
const destinationOf = (rule: DestinationRule): Guardrail => ({
  id: 'destination',
  check(action, context) {
    const allowed = allowListOf([...context.allowed_domains, ...(rule.allowed ?? [])], rule.public_mail_exact ?? true);
    const found = destinationsOf(action);
    const { changes } = verbsOf(action);
    const findings = new Map<string, Finding>();
    const add = (finding: Finding): void => {
      const key = `${finding.id} ${finding.pointer} ${finding.evidence}`;
      if (!findings.has(key)) findings.set(key, finding);
    };
    const foreign = foreignOnes(found, allowed);
    if (foreign.length > (rule.max_new ?? 0)) for (const finding of foreign) add(finding);
    for (const value of action.values) {
      if (value.type === 'principal_change' && sharesWithAll(value, action))
        add(findingOf(PUBLIC_SHARE, value.place.pointer, `${value.raw}: ${String(value.value)}`));
      for (const finding of carriedBy(value, allowed, context.known, changes)) add(finding);
    }
    return [...findings.values()];
  },
});

export const destination: GuardrailDefinition<'destination'> = {
  kind: 'destination',
  builtIn: true,
  loosens: {
    allowed: 'also',
    public_mail_exact: ['on_is_stricter', true],
    max_new: ['most', 0],
  },
  historyWindow: noHistory,
  create: destinationOf,
};

const isAllowed = (one: Destination, allowed: AllowList): boolean =>
  one.kind === 'email' ? allowed.email(one.raw, one.host) : allowed.host(one.host);

function foreignOnes(found: readonly Destination[], allowed: AllowList): Finding[] {
  const home = found.find((one) => one.primary) ?? found[0];
  const receivers = new Set(found.map((one) => one.receiver));
  return found.flatMap((one): Finding[] => {
    if (allowed.named ? isAllowed(one, allowed) : one.receiver === home?.receiver) return [];
    const extra = receivers.size > 1;
    const shown = evidenceOf(one.receiver);
    return [
      findingOf(
        template(
          extra ? 'extra_domain' : 'unlisted_domain',
          one.kind === 'email' ? 'medium' : 'high',
          extra
            ? `This also sends to ${shown}, which is not one of the domains this call should reach.`
            : `This sends to ${shown}, which the policy does not list.`,
        ),
        one.pointer,
        one.raw,
      ),
    ];
  });
}

/** A link that prepares a message when it is followed. */
const MAIL_LINK = /\bmailto:[^\s"'<>)?]{1,320}\?(?=[^\s"'<>)]{0,150}\b(?:body|bcc|cc)=)/i;
const WALLET = keyWords(WALLET_KEYS);
const SHOWN = keyWords(SHOWN_KEYS);
const HEADER = keyWords(HEADER_KEYS);

/** What one value sends by itself, in any field. */
function carriedBy(value: TypedValue, allowed: AllowList, known: Known, changes: boolean): Finding[] {
  const at = (id: FindingName<'destination'>, severity: Severity, evidence: string, message: string): Finding[] => [
    findingOf(template(id, severity, message), value.place.pointer, evidence),
  ];
  if (value.type === 'url' && value.url.host !== '' && !allowed.host(value.url.host)) {
    if (isDropSite(value.url.host)) {
      return at(
        'drop_site',
        value.whole ? 'high' : 'medium',
        value.url.raw,
        'This is a service where anyone can store or collect data.',
      );
    }
    // Without a list no URL is foreign: reading the web is what agents do.
    if (changes && allowed.named && value.whole && value.place.via.length === 0) {
      return at('unlisted_url', 'low', value.url.raw, 'The policy does not list the host of this URL.');
    }
  }
  if (value.type !== 'text') return [];
  const { text, classes } = value;
  const has = (some: number): boolean => (classes & some) !== 0;
  if ((value.place.sets & HEADER) !== 0 && has(CHARACTER_CLASSES.control) && INJECTED_HEADER.test(text)) {
    return at('header_injection', 'high', text, 'A line break in this value starts another message header.');
  }
  if (
    has(CHARACTER_CLASSES.nonAscii) &&
    /[\u200b-\ufeff\u{E0000}-\u{E01EF}]/u.test(text) &&
    (TAG_CHARACTER.test(text.replace(REGION_FLAG, '')) || ZERO_WIDTH_RUN.test(text) || DIRECTION_OVERRIDE.test(text))
  ) {
    return at('hidden_text', 'high', text, 'This text carries characters that nobody can see.');
  }
  if (allowed.named && has(CHARACTER_CLASSES.bracket | CHARACTER_CLASSES.at) && MARKUP_LOAD.test(text)) {
    const beacon = urlsInText(text).find((url) => url.host !== '' && !allowed.host(url.host));
    if (beacon) return at('content_beacon', 'medium', beacon.raw, 'Opening this text loads a URL of a foreign host.');
  }
  if (has(CHARACTER_CLASSES.bracket) && (ACTIVE_MARKUP.test(text) || (/<svg\b/i.test(text) && /<script\b/i.test(text))))
    return at('active_markup', 'medium', text, 'This text carries a script that runs where it is shown.');
  if (allowed.named && has(CHARACTER_CLASSES.question) && MAIL_LINK.test(text)) {
    const to = /mailto:([^\s"'<>)?]{1,320})/i.exec(text)?.[1] ?? '';
    if (!allowed.email(to.toLowerCase(), to.slice(to.lastIndexOf('@') + 1).toLowerCase()))
      return at('content_beacon', 'medium', to, 'A link in this text writes a message to somebody whom nobody listed.');
  }
  if (
    allowed.named &&
    changes &&
    has(CHARACTER_CLASSES.colon) &&
    has(CHARACTER_CLASSES.question | CHARACTER_CLASSES.longRun)
  ) {
    const shown = (value.place.sets & SHOWN) !== 0;
    const carrier = urlsInText(text).find(
      (url) =>
        url.host !== '' &&
        !allowed.host(url.host) &&
        (carriesText(url.tail) || (shown && /[?&][^=&#]{1,60}=[^&#]/.test(url.tail))),
    );
    if (carrier) return at('carried_data', 'medium', carrier.raw, 'This URL carries data to a foreign host.');
  }
  if (allowed.named && changes && has(CHARACTER_CLASSES.question) && (value.place.sets & SHOWN) !== 0) {
    const link = [...text.matchAll(BARE_QUERY)].find(([, host = '']) => !allowed.host(host.toLowerCase()));
    if (link) return at('carried_data', 'medium', link[0], 'This link carries data to a foreign host.');
  }
  const label =
    allowed.named && has(CHARACTER_CLASSES.longRun) && has(CHARACTER_CLASSES.label)
      ? encodedLabelIn(text, allowed)
      : undefined;
  if (label)
    return at(
      'encoded_label',
      'medium',
      label,
      'A label of this name carries encoded text, which the look-up alone delivers.',
    );
  if (
    value.place.via.length === 0 &&
    has(CHARACTER_CLASSES.digit) &&
    /^\s*[A-Z]{2}\d{2}/.test(text) &&
    isIban(text.replace(/[\s-]/g, '')) &&
    !namesAccount(known, text.replace(/[\s-]/g, ''))
  ) {
    // Once recipients are named, an account that is not among them is unknown.
    return at('account', known.people ? 'medium' : 'low', text, 'This names a bank account that nobody named.');
  }
  if (
    value.place.via.length === 0 &&
    has(CHARACTER_CLASSES.longRun) &&
    (value.place.sets & WALLET) !== 0 &&
    isWallet(text) &&
    !known.names(text)
  ) {
    return at('wallet', 'medium', text, 'This pays into a wallet that nobody named, and cannot be taken back.');
  }
  return [];
}

/** A link without its scheme, which a chat turns into a link: `a.example/r?x=1`. */
const BARE_QUERY = new RegExp(
  `(?<![\\w@./:-])((?:[a-z0-9-]{1,63}\\.){1,5}(?:${anyOf(LINK_ENDINGS)}|test|example))/[\\w./-]{0,200}\\?[\\w.-]{1,60}=[^\\s&]`,
  'gi',
);
const LONG_LABEL = /(?<![A-Za-z0-9_.-])([A-Za-z0-9_-]{16,63})((?:\.[A-Za-z0-9-]{1,63}){1,8})(?![A-Za-z0-9-])/g;

/** An account is written in groups of four, or in one piece. */
const namesAccount = (known: Known, iban: string): boolean =>
  known.names(iban) || known.names(iban.replace(/(.{4})(?=.)/g, '$1 '));

/** Whether a part of a path or a value of a query decodes to text. */
const carriesText = (tail: string): boolean =>
  tail
    .split(/[/?&=#;]/)
    .slice(0, 100)
    .some((part) => part.length >= 16 && decodedForms(part).some(({ via }) => via === 'hex' || via === 'base64'));

/** A foreign name whose first label decodes to text: its look-up sends that text to the owner of the domain. */
function encodedLabelIn(text: string, allowed: AllowList): string | undefined {
  for (const [name, label = '', rest = ''] of text.matchAll(LONG_LABEL)) {
    const decodes = decodedForms(label).some(({ via }) => via === 'hex' || via === 'base64') || isBase32Text(label);
    if (decodes && !allowed.host(rest.slice(1).toLowerCase())) return name;
  }
  return undefined;
}
