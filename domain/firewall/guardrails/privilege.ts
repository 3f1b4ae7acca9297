import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { type FindingTemplate, findingOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { innermostWords, NEW_VALUE, withNamedKey } from '../parsing/named-member.ts';
import { perOwner } from '../parsing/per-owner.ts';
import { isPointerIn } from '../parsing/pointer-match.ts';
import type { PrincipalChange } from '../parsing/typed-values.ts';
import { isAdminFlag } from '../privilege/admin-flag.ts';
import { neverExpires } from '../privilege/expiry.ts';
import { judgeGrant, template } from '../privilege/grants.ts';
import { EVERYTHING_FLAG, IDENTITY_KEY, SOME_RIGHT } from '../privilege/patterns.ts';
import { isGranting, isRefusing } from '../privilege/values.ts';
import { OBJECTS_OF_ONE_BUCKET } from '../privilege/wildcard.ts';
import * as words from '../privilege/words.ts';
import { keyWords } from '../text/key-words.ts';
import { wordsOf } from '../text/tokenizer.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

type Words = readonly string[];

type PrivilegeRule = RuleOf<'privilege'>;

/** Words of keys that are judged. A member with none of them in its last three keys does not concern rights. */
const CONCERNED = keyWords([
  ...words.ADMIN_WORDS,
  ...words.LIFTING_WORDS,
  ...words.LIFTING_ALONE,
  ...words.STRONG_PROTECTIONS,
  ...words.WEAK_PROTECTIONS,
  ...words.NEVER_WORDS,
  ...words.STATE_WORDS,
  ...words.GRANT_WORDS,
  ...words.ROLE_WORDS,
  ...words.ALONE_PROTECTIONS,
  ...words.CONCERNED_WORDS,
]);

/** Members that grant more than the call should, or remove a protection. */
const privilegeOf = (rule: PrivilegeRule): Guardrail => ({
  id: 'privilege',
  check(action) {
    const findings = new Map<string, Finding>();
    const opens = [...action.words.service, ...action.words.action].some((word) => words.CREDENTIAL_WORDS.has(word));
    const configures = rule.extra_words !== undefined || rule.extra_roles !== undefined;
    for (const value of action.values) {
      if (rule.exempt_pointers && isPointerIn(value.place.pointer, rule.exempt_pointers)) continue;
      if (value.type === 'text' && isPrototypePath(value.text, value.place.last)) {
        add(findings, value.place.pointer, value.text, prototypePath);
      }
      if (value.type !== 'principal_change' || value.place.via.includes('query') || asksOnly(value)) continue;
      if (!configures && (value.place.near & CONCERNED) === 0 && innermostWords(value.raw) === undefined) continue;
      const change = withNamedKey(value);
      const found = judge(change, opens) ?? configured(change, rule);
      if (found) add(findings, change.place.pointer, `${change.raw}: ${String(change.value)}`, found);
    }
    return [...findings.values()];
  },
});

export const privilege: GuardrailDefinition<'privilege'> = {
  kind: 'privilege',
  builtIn: true,
  loosens: { extra_words: 'never', extra_roles: 'never', exempt_pointers: 'also' },
  historyWindow: noHistory,
  create: privilegeOf,
};

/** `filter: 'role=admin'` searches for administrators and grants nothing. */
const asksOnly = ({ place }: PrincipalChange): boolean =>
  place.via.includes('form') &&
  (place.words.at(-2) ?? []).some((word) => /^(?:filter|filters|where|query|search|q|sort|condition)$/.test(word));

/** The operator's own words: a flag that is switched on, a role that is given. */
function configured({ place, value }: PrincipalChange, rule: PrivilegeRule): FindingTemplate | undefined {
  const key = place.last;
  if (rule.extra_words?.some((one) => wordsOf(one).join(' ') === key.join(' ')) && isGranting(value)) {
    return template('configured_flag', 'high', 'This flag is one that the policy names.');
  }
  const role =
    typeof value === 'string' && key.some((word) => words.ROLE_WORDS.has(word)) ? wordsOf(value).join(' ') : undefined;
  return role !== undefined && rule.extra_roles?.some((one) => wordsOf(one).join(' ') === role)
    ? template('admin_role', 'high', 'This role is one that the policy names.')
    : undefined;
}

function add(findings: Map<string, Finding>, pointer: string, evidence: string, found: FindingTemplate): void {
  const finding = findingOf(found, pointer, evidence);
  const key = `${finding.id} ${pointer} ${finding.evidence}`;
  if (!findings.has(key)) findings.set(key, finding);
}

const prototypePath = template(
  'prototype_path',
  'high',
  'This reaches the prototype of every object of the program that reads it.',
);

/** A path that leads to a prototype: as a key, or as text where a path, a field or a patch names its target. */
function isPrototypePath(text: string, key: Words): boolean {
  if (text === '__proto__') return true;
  if (!/__proto__|constructor/.test(text) || text.length > 500) return false;
  // A key that is a path, `__proto__.isAdmin`, is read as a value under itself.
  if (!key.some((word) => words.PATH_WORDS.has(word)) && wordsOf(text).join() !== key.join()) return false;
  return /(?:^|[./[\]"'])(?:__proto__|constructor[./[\]"']+prototype)(?:$|[./[\]"'])/.test(text);
}

function judge(change: PrincipalChange, opens: boolean): FindingTemplate | undefined {
  const { value } = change;
  const last = change.place.last;
  const before = change.place.words.at(-2) ?? [];
  // `admin_override: { enabled: true }` means the same as `admin_override: true`.
  const stated =
    (last.length > 0 && last.every((word) => words.STATE_WORDS.has(word))) ||
    (/^(?:mode|level)$/.test(last.join(' ')) && isRefusing(value));
  // So does `override: { safety: true }`.
  const lifted = before.length > 0 && before.every((word) => words.LIFTING_WORDS.has(word));
  const key = factored(
    stated || lifted ? [...before, ...last] : NEW_VALUE.test(last.join(' ')) && before.length > 0 ? before : last,
  );
  const flag =
    judgeFlag(key, value, opens || before.some((word) => words.CREDENTIAL_WORDS.has(word))) ??
    judgeFlag(innermostWords(change.raw) ?? [], value, opens) ??
    judgeLifted(key, value) ??
    judgeAll(last, before, value) ??
    judgeRemoval(change, last);
  if (flag || typeof value !== 'string' || value.length > 500) return flag;
  if (isIdentity(key) && value.trim() !== '' && !isRefusing(value)) {
    return template('impersonation', 'high', 'This acts in the name of another user.');
  }
  if (isImpersonated(before, last) && value.trim() !== '') {
    return template('impersonation', 'high', 'This acts in the name of another user.');
  }
  if (/^transfer (?:owner|ownership)(?: to)?$/.test(key.join(' ')) && value.trim() !== '' && !isRefusing(value))
    return template('admin_role', 'medium', 'This transfers ownership.');
  if (
    (/^(?:approved|authori[sz]ed) by$/.test(key.join(' ')) || (last.join() === 'by' && before.join() === 'approval')) &&
    value.trim() !== ''
  ) {
    return template('self_approval', 'medium', 'The call itself claims an approval.');
  }
  if (OBJECTS_OF_ONE_BUCKET.test(value.trim()) && saysWhatItDoes(change.place.owner)) return undefined;
  if (!deniesAnyway(change.place.owner)) return judgeGrant(change.place.words, value);
  return undefined;
}

/** `{ op: 'remove', path: '/mfa_required' }` and `unset: ['approval_required']`. */
function judgeRemoval({ place, value }: PrincipalChange, last: Words): FindingTemplate | undefined {
  if (typeof value !== 'string' || value.length > 200) return undefined;
  const removes = /^(?:unset|(?:remove|delete|drop)(?: fields?| keys?| settings?)?)$/.test(last.join(' '));
  const patches = last.join() === 'path' && place.owner !== undefined && place.owner['op'] === 'remove';
  if (!removes && !patches) return undefined;
  const named = wordsOf(value.split(/[/.]/).at(-1) ?? '');
  const protects =
    named.some((word) => words.STRONG_PROTECTIONS.has(word)) ||
    (named.some((word) => words.WEAK_PROTECTIONS.has(word)) && named.some((word) => words.ENABLING_WORDS.has(word)));
  return protects ? template('protection_off', 'medium', 'This removes a protection.') : undefined;
}

/** `permissions: { "*": true }`: the key is what is granted. */
function judgeAll(last: Words, before: Words, value: unknown): FindingTemplate | undefined {
  if (last.length !== 1 || !(isGranting(value) || (/^\*+$/.test(last[0] ?? '') && isSomeRight(value))))
    return undefined;
  if (!before.some((word) => words.GRANT_WORDS.has(word))) return undefined;
  return /^(?:\*+|all|any|everything)$/.test(last[0] ?? '')
    ? template('wildcard', 'high', 'This permits everything.')
    : undefined;
}

/** `skip_checks: ['policy']` and `bypass: 'approval'`: the value names what is bypassed. */
function judgeLifted(key: Words, value: unknown): FindingTemplate | undefined {
  if (
    typeof value !== 'string' ||
    value.length > 60 ||
    !key.some((word) => /^(?:bypass|skip|override|disable|suppress)(?:ed|d)?$/.test(word))
  )
    return undefined;
  if (!key.every((word) => words.LIFTING_WORDS.has(word) || words.PROTECTED_WORDS.has(word))) return undefined;
  const what = wordsOf(value);
  return what.length > 0 && what.length <= 4 && what.every((word) => words.PROTECTED_WORDS.has(word))
    ? template('override_flag', 'high', 'This bypasses a check or a protection.')
    : undefined;
}

/** `grants: { "*": "write" }`. */
const isSomeRight = (value: unknown): boolean => typeof value === 'string' && SOME_RIGHT.test(value);

/** `impersonation: { user: 'u1' }`. */
const isImpersonated = (before: Words, last: Words): boolean =>
  before.some((word) => word.startsWith('impersonat')) &&
  /^(?:user|user id|id|email|username|subject|target)$/.test(last.join(' '));

/** `twoFactor` is `2fa`. */
const factored = (key: Words): Words => {
  const at = key.indexOf('factor');
  return at > 0 && /^(?:two|multi|second)$/.test(key[at - 1] ?? '')
    ? [...key.slice(0, at - 1), '2fa', ...key.slice(at + 1)]
    : key;
};

const isIdentity = (key: Words): boolean =>
  IDENTITY_KEY.test(key.join(' ')) ||
  key.some((word) => /^impersonat(?:e[ds]?|ing)$/.test(word)) ||
  /^impersonat(?:ion|ing) (?:target|user|subject|email|id)$/.test(key.join(' '));

function judgeFlag(key: Words, value: unknown, opens: boolean): FindingTemplate | undefined {
  if (key.length === 0) return undefined;
  const has = (among: ReadonlySet<string>): boolean => key.some((word) => among.has(word));
  const turned = has(words.NEGATIONS);
  const missed =
    /^(?:no|without)$/.test(key[0] ?? '') &&
    key.length > 1 &&
    key.slice(1).every((word) => words.MISSED_PROTECTIONS.has(word) || words.MISSED_BESIDE.has(word)) &&
    key.slice(1).some((word) => words.MISSED_PROTECTIONS.has(word));
  if (isGranting(value) && missed)
    return template('override_flag', 'high', 'This flag bypasses a check or a protection.');
  if (isGranting(value) && !turned) {
    const lifts = has(words.LIFTING_WORDS);
    const admin = isAdminFlag(key);
    if (admin && lifts)
      return template('override_flag', 'high', 'This flag bypasses the limits of an ordinary account.');
    if (admin) return template('admin_flag', 'high', 'This flag makes an account an administrator.');
    if (lifts && has(words.PROTECTED_WORDS))
      return template('override_flag', 'high', 'This flag bypasses a check or a protection.');
    if (
      has(words.LIFTING_ALONE) &&
      key.every((word) => words.LIFTING_ALONE.has(word) || /^(?:all|any|everything)$/.test(word))
    )
      return template('override_flag', 'medium', 'This flag bypasses something without naming it.');
    if (key.length === 1 && key[0] === 'force' && value === true)
      return template('force_flag', 'low', 'This call is forced.');
    if (/^(?:(?:allow )?unsafe|dangerous(?:ly)?)(?: |$)/.test(key.join(' ')))
      return template('override_flag', 'medium', 'This flag bypasses a check or a protection.');
    if (/^(?:auto (?:approved?|confirm(?:ed)?|accept(?:ed)?)|(?:is )?pre ?approved)(?: |$)/.test(key.join(' ')))
      return template('self_approval', 'medium', 'The call itself claims an approval.');
    if (EVERYTHING_FLAG.test(key.join(' '))) return template('elevation', 'high', 'This flag permits everything.');
    if (/^insecure(?: |$)/.test(key.join(' ')))
      return template('protection_off', 'medium', 'This switches a protection off.');
    if (
      /^(?:privileged|unrestricted|elevated|elevate|escalate)$/.test(key[0] ?? '') ||
      /^(?:is privileged|become)$/.test(key.join(' ')) ||
      isIdentity(key)
    ) {
      return template('elevation', 'high', 'This flag asks for more rights than an ordinary call has.');
    }
  }
  if (/^(?:mode|chmod|file mode|perms?|permissions?)$/.test(key.join(' ')) && WORLD_WRITABLE.test(String(value)))
    return template('wildcard', 'medium', 'This lets everyone change it.');
  if ((value === 0 || value === '0') && /^run as (?:user|group)$/.test(key.join(' ')))
    return template('elevation', 'high', 'This runs as root.');
  if (
    (isRefusing(value) || value === 'unconfined') &&
    (/^(?:reject unauthorized|safe mode|safe)$/.test(key.join(' ')) ||
      /^(?:requires?|needs?) (?:an? )?human(?: \w+)?$/.test(key.join(' ')) ||
      /^human (?:in the loop|approval|review|oversight|confirmation)/.test(key.join(' ')) ||
      (key.length === 1 && has(words.ALONE_PROTECTIONS)))
  )
    return template('protection_off', 'high', 'This switches a protection off.');
  const neverEnds = has(words.NEVER_WORDS) && key.some((word) => /^expir/.test(word));
  if (neverEnds ? isGranting(value) : neverExpires(key, value, opens)) {
    return template('never_expires', 'medium', 'This grant would never end.');
  }
  if (!isRefusing(value) || (turned && !key.some((word) => word.startsWith('require'))) || has(words.LIFTING_WORDS))
    return undefined;
  const strong = has(words.STRONG_PROTECTIONS);
  const weak =
    has(words.WEAK_PROTECTIONS) &&
    key.length > 1 &&
    (has(words.ENABLING_WORDS) || key.every((word) => words.WEAK_PROTECTIONS.has(word)));
  return strong || weak ? template('protection_off', 'high', 'This switches a protection off.') : undefined;
}

/** A mode of a file under which everybody writes. */
const WORLD_WRITABLE = /^(?:0?o?[0-7]?777|-?(?:rwx){3}|a\+rwx)$/;

/** A statement that lists its operations, each by its name. */
const saysWhatItDoes = perOwner(false, (owner) => {
  const listed = Object.hasOwn(owner, 'Action') ? [owner['Action']].flat() : [];
  return listed.length > 0 && listed.every((one) => typeof one === 'string' && /^\w+:\w+$/.test(one));
});

/** A statement that denies may name everything. */
const deniesAnyway = (owner: PrincipalChange['place']['owner']): boolean =>
  ['Effect', 'effect', 'EFFECT'].some((key) => {
    const effect = owner && Object.hasOwn(owner, key) ? owner[key] : undefined;
    return typeof effect === 'string' && effect.toLowerCase() === 'deny';
  });
