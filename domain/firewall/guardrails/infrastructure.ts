import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { type FindingTemplate, findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { withNamedKey } from '../parsing/named-member.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { perOwner } from '../parsing/per-owner.ts';
import type { PrincipalChange } from '../parsing/typed-values.ts';
import { isGranting, isRefusing } from '../privilege/values.ts';
import { visibleOf } from '../text/confusables.ts';
import { keyWords } from '../text/key-words.ts';
import { wordsOf } from '../text/tokenizer.ts';
import { anyOf } from '../text/word-list.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';
import {
  CHANGES_RIGHTS,
  COMPOSE_CAPABILITIES,
  ESCAPING_CAPABILITIES,
  HOST_BINDS,
  HOST_PATHS,
  LOSSES,
  OPENINGS,
  PROTECTIONS,
  RETENTION,
  WIDE_ROLES,
} from './infrastructure-patterns.ts';
import {
  CALL_KEYS,
  DESTROYING_VERBS,
  INBOUND_WORDS,
  INFRASTRUCTURE_WORDS,
  OUTBOUND_WORDS,
  RESOURCES,
  SELF_WIDENING_PERMISSIONS,
  SETTING_WORDS,
} from './infrastructure-words.ts';

type InfrastructureRule = RuleOf<'infrastructure'>;
const template = templatesOf('infrastructure');
const DELETES = template('deletes', 'high', 'This deletes infrastructure, or replaces it.');
const PROTECTED = template('protected', 'critical', 'This changes a resource that the policy protects.');
const UNPROTECTS = template('unprotects', 'high', 'This removes the protection of a resource against loss.');
const WORLD_OPEN = template('world_open', 'high', 'This opens a network or a store to everybody.');
const STOPS = template('scaled_to_nothing', 'medium', 'This leaves nothing of a service running.');
const WIDE_POLICY = template('wide_policy', 'high', 'This policy permits far more than one task needs.');
const ESCAPES = template('container_escape', 'high', 'This container gets control of the machine it runs on.');

/** Plans, cloud arguments and manifests that delete, open up or escape. */
const infrastructureOf = (rule: InfrastructureRule): Guardrail => ({
  id: 'infrastructure',
  check(action) {
    const findings = new Map<string, Finding>();
    const infra = [...action.words.service, ...action.words.action].some((word) => INFRASTRUCTURE_WORDS.has(word));
    const add = (one: FindingTemplate | undefined, pointer: string, evidence: string): void => {
      if (!one || (one === DELETES && rule.allow_delete) || (one === WORLD_OPEN && rule.allow_world_open)) return;
      const key = `${one.id} ${pointer}`;
      if (!findings.has(key)) findings.set(key, findingOf(one, pointer, evidence));
    };
    for (const value of action.values) {
      if (value.type === 'principal_change') {
        const change = withNamedKey(value);
        add(
          judge(value, infra) ?? (change === value ? undefined : judge(change, infra)),
          value.place.pointer,
          `${change.raw}: ${String(value.value)}`,
        );
        if (rule.protected_resources && isPlanned(value) && value.value !== 'no-op' && value.value !== 'read') {
          const address = addressOf(value, action);
          if (isProtected(address, rule.protected_resources)) add(PROTECTED, value.place.pointer, address);
        }
      }
      if (value.type === 'text' && value.text.length > 20)
        add(judgeSource(value.text, infra), value.place.pointer, value.text);
    }
    if (infra) add(DESTROYING_CALL.test(action.action) ? DELETES : undefined, '', action.action);
    return [...findings.values()];
  },
});

export const infrastructure: GuardrailDefinition<'infrastructure'> = {
  kind: 'infrastructure',
  builtIn: true,
  loosens: {
    protected_resources: 'never',
    allow_delete: ['on_is_looser', false],
    allow_world_open: ['on_is_looser', false],
  },
  historyWindow: noHistory,
  create: infrastructureOf,
};

/** `change.actions` of a Terraform plan, at any depth. */
function isPlanned({ place, raw }: PrincipalChange): boolean {
  return raw === 'actions' && (place.words.at(-2) ?? []).join() === 'change';
}

/** The address of the changed resource, which is a sibling of `change`. */
function addressOf({ place }: PrincipalChange, action: ParsedAction): string {
  const resource = place.pointer.replace(/\/change\/actions(?:\/\d+)?$/, '');
  const leaf = action.leaves.find((one) => one.kind === 'value' && one.pointer === `${resource}/address`);
  return typeof leaf?.value === 'string' ? leaf.value : '';
}

const isProtected = (address: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => (pattern.endsWith('*') ? address.startsWith(pattern.slice(0, -1)) : address === pattern));

const CALL_KEY = keyWords(CALL_KEYS);
const DESTROYING_CALL = new RegExp(
  `^(?:${anyOf(DESTROYING_VERBS)}_?[A-Za-z_]*${anyOf(RESOURCES)}s?(?:_?[a-z0-9]*)?|[a-z_]*schedule_?key_?deletion|destroy|teardown|nuke|wipe)$`,
  'i',
);

const SELF_WIDENING = new RegExp(`^iam:(?:\\*|${anyOf(SELF_WIDENING_PERMISSIONS)})$`, 'i');

function judge(value: PrincipalChange, infra: boolean): FindingTemplate | undefined {
  const { place, raw } = value;
  const key = place.last;
  // The `before` state is not a change made by this plan.
  if (place.pointer.includes('/change/before/')) return undefined;
  if (isPlanned(value)) return value.value === 'delete' || value.value === 'forget' ? DELETES : undefined;
  const setting =
    (place.sets & SETTING) === 0 || (typeof value.value === 'string' && value.value.length > 10)
      ? undefined
      : judgeSetting(settingOf(key, place.words.at(-2)), value.value, place.words, infra);
  if (setting) return setting;
  if (typeof value.value !== 'string' || value.value.length > 300) return undefined;
  if (/^not_?(?:action|resource|principal)s?$/i.test(raw)) return denies(place.owner) ? undefined : WIDE_POLICY;
  const text = visibleOf(value.value, value.classes).trim();
  // Prose: the patterns below would match single words of it.
  if (text.includes(' ')) return undefined;
  if (opensNetwork(text, key, place.words)) return WORLD_OPEN;
  if (
    /^public[-_]?read(?:[-_]?write)?$|^authenticated-?read$/i.test(text) ||
    /^(?:allUsers|allAuthenticatedUsers)$/i.test(text)
  )
    return WORLD_OPEN;
  if (SELF_WIDENING.test(text)) return denies(place.owner) ? undefined : WIDE_POLICY;
  if (WIDE_ROLES.test(text)) return WIDE_POLICY;
  if ((place.sets & CALL_KEY) !== 0 && (infra || /^[A-Z][a-z]+[A-Z]/.test(text)) && DESTROYING_CALL.test(text))
    return DELETES;
  if (
    infra &&
    (place.sets & CALL_KEY) !== 0 &&
    (/^(?:delete|destroy|terminate)$/i.test(text) || CHANGES_RIGHTS.test(text))
  )
    return CHANGES_RIGHTS.test(text) ? WIDE_POLICY : DELETES;
  if (
    text.startsWith('/') &&
    /^(?:host_)?path$/.test(key.join('_')) &&
    place.words.some((words) => words.join(' ') === 'host path') &&
    HOST_PATHS.test(text)
  )
    return ESCAPES;
  if (
    key.length === 1 &&
    key[0] === 'add' &&
    place.words.some((words) => words.includes('capabilities')) &&
    ESCAPING_CAPABILITIES.test(text)
  )
    return ESCAPES;
  if (text.startsWith('/') && /^(?:volumes|binds|volume|bind)$/.test(key.join('_')) && HOST_BINDS.test(text))
    return ESCAPES;
  if (text === 'host' && /^(?:pid|ipc|pid_mode|ipc_mode|userns_mode)$/.test(key.join('_'))) return ESCAPES;
  if (key[0] === 'cap' && key[1] === 'add' && COMPOSE_CAPABILITIES.test(text)) return ESCAPES;
  if (isClusterRule(place.owner) && widensCluster(key.join('_'), text)) return WIDE_POLICY;
  return undefined;
}

const isClusterRule = (owner: Readonly<Record<string, unknown>> | undefined): boolean =>
  owner !== undefined && Object.hasOwn(owner, 'verbs');
/** What a role of a cluster needs to become any other. */
const widensCluster = (name: string, text: string): boolean =>
  name === 'verbs'
    ? /^(?:escalate|bind|impersonate)$/i.test(text)
    : name === 'resources' &&
      /^(?:secrets|pods\/(?:exec|attach|ephemeralcontainers)|nodes\/proxy|serviceaccounts\/token)$/i.test(text);

/** `versioning: { enabled: false }` is `versioning: false`. */
const settingOf = (key: readonly string[], before: readonly string[] | undefined): string =>
  before && /^(?:enabled|status|state|enable)$/.test(key.join('_'))
    ? before.join('_').replace(/_(?:configuration|config|specification|settings)$/, '')
    : key.join('_');

const ESCALATIONS = /^privileged$|^allow_privilege_escalation$|^host_(?:network|pid|ipc)$/;

const SETTING = keyWords(SETTING_WORDS);

function judgeSetting(
  name: string,
  value: unknown,
  path: readonly (readonly string[])[],
  infra: boolean,
): FindingTemplate | undefined {
  if (infra && /^(?:is_|make_)?public$/.test(name)) return isGranting(value) ? WORLD_OPEN : undefined;
  if (PROTECTIONS.test(name)) {
    if (!isRefusing(value) && !/^(?:suspended|disabled?)$/i.test(String(value))) return undefined;
    return /public/.test(name) ? WORLD_OPEN : UNPROTECTS;
  }
  if (LOSSES.test(name)) return isGranting(value) ? UNPROTECTS : undefined;
  if (OPENINGS.test(name))
    return isGranting(value) || /^(?:blob|container|public)$/i.test(String(value)) ? WORLD_OPEN : undefined;
  if (name === 'http_tokens') return /^optional$/i.test(String(value)) ? UNPROTECTS : undefined;
  if (/^(?:deletion|reclaim|delete)_policy$/.test(name))
    return /^delete$/i.test(String(value)) ? UNPROTECTS : undefined;
  if (ESCALATIONS.test(name)) {
    const container = path.some((words) =>
      words.some(
        (word) =>
          word === 'containers' || word === 'container' || word === 'spec' || word === 'pod' || word === 'security',
      ),
    );
    return container && isGranting(value) ? ESCAPES : undefined;
  }
  if (/^(?:desired_(?:capacity|count)|min_(?:size|replicas|capacity))$/.test(name))
    return value === 0 ? STOPS : undefined;
  if (infra && name === 'replicas') return value === 0 ? STOPS : undefined;
  return RETENTION.test(name) && (value === 0 || value === '0') ? UNPROTECTS : undefined;
}

/** An inbound address range of half of all addresses, or all. Outbound traffic to everywhere is normal. */
function opensNetwork(text: string, key: readonly string[], path: readonly (readonly string[])[]): boolean {
  if (
    !/^(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f:]*::[0-9a-f:]*)\/0{0,2}[0-3]$/i.test(text) &&
    !(/^(?:internet|any|\*)$/i.test(text) && key.includes('source'))
  )
    return false;
  if (path.some((words) => words.some((word) => OUTBOUND_WORDS.has(word)))) return false;
  return path.some((words) =>
    words.some((word) => INBOUND_WORDS.has(word) || word.startsWith('cidr') || word.startsWith('ip')),
  );
}

const denies = perOwner(false, (owner) =>
  Object.entries(owner).some(
    ([key, value]) => wordsOf(key).join() === 'effect' && String(value).toLowerCase() === 'deny',
  ),
);

const SOURCE_UNPROTECTS =
  /\b(?:force_destroy|skip_final_snapshot)\s{0,20}=\s{0,20}true\b|\b(?:deletion_protection|prevent_destroy)\s{0,20}=\s{0,20}false\b/;

/** Terraform or manifests as text: not parsed, searched for what they must not contain. */
function judgeSource(text: string, infra: boolean): FindingTemplate | undefined {
  if (infra && SOURCE_UNPROTECTS.test(text)) return UNPROTECTS;
  if (/\bresource\s+"[a-z0-9_]+"\s+"/.test(text)) {
    const inbound = text.replace(/\begress\s*\{[^}]*\}/g, '');
    if (
      /(?:cidr_blocks|source_ranges|cidr_ipv4|source_address_prefix)\s*=\s*\[?[^\]\n]*"(?:0\.0\.0\.0\/[0-3]|128\.0\.0\.0\/1|::\/[0-3]|\*)"/.test(
        inbound,
      )
    )
      return WORLD_OPEN;
    if (/acl\s*=\s*"public-read/.test(text)) return WORLD_OPEN;
    if (/"?Action"?\s*[=:]\s*\[?\s*"(?:\*|\w+:\*)"/.test(text) && !/"?Effect"?\s*[=:]\s*"Deny"/.test(text))
      return WIDE_POLICY;
    if (SOURCE_UNPROTECTS.test(text)) return UNPROTECTS;
  }
  if (/^[ \t]*(?:-[ \t]*)?(?:apiVersion|kind):/m.test(text)) {
    if (
      /^[ \t]*(?:privileged|hostNetwork|hostPID|hostIPC|allowPrivilegeEscalation):\s*true/m.test(text) ||
      /hostPath:[ \t]{0,200}\r?\n\s{0,200}path:\s{0,200}["']?\/["']?[ \t\r]{0,200}$/m.test(text)
    )
      return ESCAPES;
    if (/kind:\s*ClusterRoleBinding/.test(text) && /name:\s*["']?cluster-admin/.test(text)) return WIDE_POLICY;
  }
  return undefined;
}
