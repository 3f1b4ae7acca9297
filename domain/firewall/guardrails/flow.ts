import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding, Severity } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { FindingName } from '../finding-names.ts';
import type { Guardrail, GuardrailContext } from '../guardrail.ts';
import { type AllowList, allowListOf } from '../hosts/allow-list.ts';
import { registrableDomainOf } from '../hosts/host-names.ts';
import { foreignNames } from '../outbound/receivers.ts';
import { isDelegated, isRequested } from '../outbound/requested.ts';
import { verbsOf } from '../parsing/action-verbs.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { TypedValue } from '../parsing/typed-values.ts';
import { appliesTo } from '../policy/policy.ts';
import { CHARACTER_CLASSES } from '../text/character-classes.ts';
import { keyWords } from '../text/key-words.ts';
import { anyOf } from '../text/word-list.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';
import { ACCOUNT_WORDS, FETCH_KEYS, LINK_ENDINGS, WEB_STEMS } from './words.ts';

type FlowRule = RuleOf<'flow'>;

const template = templatesOf('flow');
const finding = (
  name: FindingName<'flow'>,
  severity: Severity,
  pointer: string,
  evidence: string,
  message: string,
): Finding => findingOf(template(name, severity, message), pointer, evidence);

/**
 * Where a call comes from and where it goes: after third-party text was read, an action that changes something is held when it
 * reaches a receiver that the trusted request never named, does what that request never asked for, or changes credentials.
 * Reading alone and changing alone are not held.
 */
const flowOf = (rule: FlowRule): Guardrail => ({
  id: 'flow',
  check(action, context) {
    // An undeclared call counts as untrusted only where something is named as known: otherwise everything would be unknown.
    const strict = context.untrusted || (context.undeclared && context.known.people);
    if (!strict) return [];
    const verbs = verbsOf(action);
    const { service, action: name } = action;
    const changes =
      rule.reads && appliesTo(rule.reads, service, name)
        ? false
        : verbs.changes || (rule.side_effects !== undefined && appliesTo(rule.side_effects, service, name));
    const allowed = allowListOf(context.allowed_domains);
    if (!changes) return fetches(action, context, allowed);
    const found = [...unknownReceivers(action, context, allowed), ...unknownLinks(action, context, allowed)];
    const { known, declared } = context;
    if (known.task && !isRequested(action, verbs, known) && !isDelegated(action, verbs, declared.task)) {
      found.push(
        finding(
          'unasked_action',
          'medium',
          '',
          `${service}/${name}`,
          'Third-party text was read before this call, and the request never asked for what it does.',
        ),
      );
    }
    const opened = opensAccounts(action, context);
    if (opened) found.push(opened);
    return found;
  },
});

export const flow: GuardrailDefinition<'flow'> = {
  kind: 'flow',
  builtIn: true,
  loosens: { side_effects: 'never', reads: 'also' },
  historyWindow: noHistory,
  create: flowOf,
};

function unknownReceivers(action: ParsedAction, context: GuardrailContext, allowed: AllowList): Finding[] {
  return foreignNames(action, context.known, allowed).map(({ pointer, raw }) =>
    finding(
      'unknown_receiver',
      'medium',
      pointer,
      raw,
      'Third-party text was read before this call, and the request never named this receiver.',
    ),
  );
}

const BARE_LINK = new RegExp(
  `(?<![\\w@.-])(?:www\\.[a-z0-9-]{1,63}|[a-z0-9-]{2,63})(?:\\.[a-z0-9-]{1,63}){0,3}\\.${anyOf(LINK_ENDINGS)}(?![\\w.@-]*@)(?![a-z0-9-])`,
  'gi',
);

/** Links in sent text to hosts that neither policy nor request names: a way to phish, and to make a page load a URL. */
function unknownLinks(action: ParsedAction, context: GuardrailContext, allowed: AllowList): Finding[] {
  const found = new Map<string, Finding>();
  const isKnown = (host: string): boolean =>
    allowed.host(host) || context.known.names(host) || context.known.names(registrableDomainOf(host));
  const add = (value: TypedValue, host: string, raw: string): void => {
    if (found.has(host) || isKnown(host)) return;
    found.set(
      host,
      finding(
        'unknown_link',
        'medium',
        value.place.pointer,
        raw,
        'Third-party text was read before this call, and the request never named the host of this link.',
      ),
    );
  };
  for (const value of action.values) {
    if (found.size > 20) break;
    if (value.type === 'url' && value.url.host !== '') add(value, value.url.host, value.url.raw);
    if (value.type !== 'text' || (value.classes & CHARACTER_CLASSES.label) === 0 || value.place.via.length > 0)
      continue;
    let count = 0;
    for (const [raw] of value.text.matchAll(BARE_LINK)) {
      count += 1;
      if (count > 50) break;
      add(value, raw.toLowerCase(), raw);
    }
  }
  return [...found.values()];
}

/** The place that a value fetches: a URL, or a host where a URL is expected. A fetch can carry data out in its query. */
function fetchedBy(value: TypedValue): { host: string; raw: string; tail: string } | undefined {
  if (value.type === 'url' && value.url.host !== '')
    return { host: value.url.host, raw: value.url.raw, tail: value.url.tail };
  const keyed = value.type === 'domain' && value.place.last.some((word) => FETCH_KEYS.has(word));
  return keyed
    ? { host: value.name, raw: value.raw, tail: value.raw.slice(value.raw.indexOf('/') + 1 || value.raw.length) }
    : undefined;
}

function fetches(action: ParsedAction, context: GuardrailContext, allowed: AllowList): Finding[] {
  return action.values.flatMap((value): Finding[] => {
    const fetched = fetchedBy(value);
    if (!fetched || allowed.host(fetched.host)) return [];
    if (context.known.names(fetched.host) || context.known.names(registrableDomainOf(fetched.host))) return [];
    if (context.private) {
      return [
        finding(
          'unknown_fetch',
          'medium',
          value.place.pointer,
          fetched.raw,
          'The session holds private data, and this reaches a host that the request never named.',
        ),
      ];
    }
    if (context.untrusted && context.known.task && !context.known.mentions(WEB_STEMS)) {
      return [
        finding(
          'unasked_fetch',
          'medium',
          value.place.pointer,
          fetched.raw,
          'Third-party text was read before this call, and the request never asked for anything from the web.',
        ),
      ];
    }
    return carriesData(fetched.tail)
      ? [
          finding(
            'data_in_fetch',
            'medium',
            value.place.pointer,
            fetched.raw,
            'Third-party text was read before this call, and this URL carries text to a host that the request never named.',
          ),
        ]
      : [];
  });
}

const carriesData = (tail: string): boolean =>
  /[?&#][^=]{0,40}=(?:[^&]*(?:%20|\+|\s)){3}/.test(tail) || /[A-Za-z0-9+/_-]{60,}/.test(tail);

const OPENING = keyWords(ACCOUNT_WORDS);

/** A change of credentials that the request never mentions. */
function opensAccounts(action: ParsedAction, { known }: GuardrailContext): Finding | undefined {
  if (!known.task) return undefined;
  const at = action.values.find(
    (value) =>
      value.type === 'principal_change' &&
      (value.place.sets & OPENING) !== 0 &&
      value.value !== '' &&
      value.value !== null,
  );
  const word =
    action.words.action.find((one) => ACCOUNT_WORDS.has(one)) ??
    at?.place.words.at(-1)?.find((one) => ACCOUNT_WORDS.has(one));
  if (word === undefined || known.mentions([word.slice(0, 6), 'password', 'credential', 'login'])) return undefined;
  return finding(
    'unasked_credential',
    'medium',
    at?.place.pointer ?? '',
    word,
    'Third-party text was read before this call, and it changes or sends credentials, which the request never mentions.',
  );
}
