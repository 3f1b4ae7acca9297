import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding, Severity } from '../../../contracts/verdict.ts';
import { evidenceOf } from '../finding.ts';
import type { Guardrail, JudgedAction } from '../guardrail.ts';
import { keyWords } from '../key-words.ts';
import { isGranting, isRefusing } from '../privilege-words.ts';
import { visibleOf } from '../skeleton.ts';
import type { PrincipalChange } from '../typed-values.ts';
import { wordsOf } from '../words.ts';

type InfrastructureRule = Omit<RuleOf<'infrastructure'>, 'kind'>;
type Said = readonly [id: string, severity: Severity, message: string];

const said = (id: string, severity: Severity, message: string): Said => [id, severity, message];
const DELETES = said('deletes', 'high', 'This deletes infrastructure, or replaces it by a new one.');
const PROTECTED = said('protected', 'critical', 'This changes a resource that the policy protects.');
const UNPROTECTS = said('unprotects', 'high', 'This takes away what protects a resource from being lost.');
const WORLD_OPEN = said('world_open', 'high', 'This opens a network or a store to everybody.');
const WIDE_POLICY = said('wide_policy', 'high', 'This policy permits far more than one task needs.');
const ESCAPES = said('container_escape', 'high', 'This container gets the machine it runs on.');

const INFRA_WORDS = new Set(
  'aws gcp azure cloud terraform tofu pulumi cloudformation k8s kubernetes kube infra infrastructure devops cluster iam s3 ec2 rds lambda vpc ansible helm'.split(
    ' ',
  ),
);

/** Plans, cloud arguments and manifests that delete, open up or escape. */
export const infrastructureOf = (rule: InfrastructureRule = {}): Guardrail => ({
  id: 'infrastructure',
  check(action) {
    const findings = new Map<string, Finding>();
    const infra = [...action.words.service, ...action.words.action].some((word) => INFRA_WORDS.has(word));
    const add = (one: Said | undefined, pointer: string, evidence: string): void => {
      if (!one || (one === DELETES && rule.allow_delete) || (one === WORLD_OPEN && rule.allow_world_open)) return;
      const key = `${one[0]} ${pointer}`;
      if (!findings.has(key))
        findings.set(key, {
          id: `infrastructure/${one[0]}`,
          severity: one[1],
          pointer,
          evidence: evidenceOf(evidence),
          message: one[2],
        });
    };
    for (const value of action.values) {
      if (value.type === 'principal_change') {
        add(judge(value, infra), value.place.pointer, `${value.raw}: ${String(value.value)}`);
        if (rule.protected_resources && isPlanned(value) && value.value !== 'no-op' && value.value !== 'read') {
          const address = addressOf(value, action);
          if (isProtected(address, rule.protected_resources)) add(PROTECTED, value.place.pointer, address);
        }
      }
      if (value.type === 'text' && value.text.length > 20)
        add(judgeSource(value.text), value.place.pointer, value.text);
    }
    if (infra) add(DESTROYING_CALL.test(action.action) ? DELETES : undefined, '', action.action);
    return [...findings.values()];
  },
});

export const infrastructure = infrastructureOf();

/** `change.actions` of a Terraform plan, at any depth. */
function isPlanned({ place, raw }: PrincipalChange): boolean {
  return raw === 'actions' && (place.words.at(-2) ?? []).join() === 'change';
}

/** The address of the resource whose change this is: it stands beside `change`. */
function addressOf({ place }: PrincipalChange, action: JudgedAction): string {
  const resource = place.pointer.replace(/\/change\/actions(?:\/\d+)?$/, '');
  const leaf = action.leaves.find((one) => one.kind === 'value' && one.pointer === `${resource}/address`);
  return typeof leaf?.value === 'string' ? leaf.value : '';
}

const isProtected = (address: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => (pattern.endsWith('*') ? address.startsWith(pattern.slice(0, -1)) : address === pattern));

const CALL_KEY = keyWords([
  'api',
  'operation',
  'call',
  'method',
  'event',
  'action',
  'command',
  'verb',
  'request',
  'name',
  'actions',
]);
const DESTROYING_CALL =
  /^(?:(?:schedule|delete|terminate|destroy|disable|stop|deregister|purge|remove|drop|force_?delete|batch_?delete)_?[A-Za-z_]*(?:key|bucket|cluster|instance|db|database|table|stack|trail|logging|vault|snapshot|backup|volume|repository|namespace|project|group|role|user|policy|zone|secret|log|queue|topic|function|certificate|image|network|vpc|subnet|gateway|balancer|deployment|service|server|disk|node|pool|recorder|detector|alarm|record|object|resource)s?(?:_?[a-z0-9]*)?|[a-z_]*schedule_?key_?deletion|destroy|teardown|nuke|wipe)$/i;

function judge(value: PrincipalChange, infra: boolean): Said | undefined {
  const { place, raw } = value;
  const key = place.words.at(-1) ?? [];
  if (isPlanned(value)) return value.value === 'delete' || value.value === 'forget' ? DELETES : undefined;
  const setting =
    (place.sets & SETTING) === 0 || (typeof value.value === 'string' && value.value.length > 10)
      ? undefined
      : judgeSetting(key.join('_'), value.value, place.words);
  if (setting) return setting;
  if (typeof value.value !== 'string' || value.value.length > 300) return undefined;
  const text = visibleOf(value.value, value.traits).trim();
  if (opensNetwork(text, key, place.words)) return WORLD_OPEN;
  if (
    /^public-(?:read|read-write)$|^authenticated-read$/i.test(text) ||
    /^(?:allUsers|allAuthenticatedUsers)$/i.test(text)
  )
    return WORLD_OPEN;
  if (/^not_?(?:action|resource|principal)s?$/i.test(raw)) return denies(place.owner) ? undefined : WIDE_POLICY;
  if (
    /^iam:(?:\*|PassRole|CreateAccessKey|AttachUserPolicy|AttachRolePolicy|PutUserPolicy|PutRolePolicy|CreatePolicyVersion|SetDefaultPolicyVersion|UpdateAssumeRolePolicy|AddUserToGroup|CreateLoginProfile|UpdateLoginProfile)$/i.test(
      text,
    )
  )
    return denies(place.owner) ? undefined : WIDE_POLICY;
  if (
    /(?:policy\/|^)(?:AdministratorAccess|PowerUserAccess|IAMFullAccess)$|^roles\/(?:owner|editor|iam\.\w*Admin)$/.test(
      text,
    )
  )
    return WIDE_POLICY;
  if ((place.sets & CALL_KEY) !== 0 && (infra || /^[A-Z][a-z]+[A-Z]/.test(text)) && DESTROYING_CALL.test(text))
    return DELETES;
  if (
    text.startsWith('/') &&
    /^(?:host_)?path$/.test(key.join('_')) &&
    place.words.some((words) => words.join(' ') === 'host path') &&
    /^\/(?:|etc|root|var|var\/run|var\/run\/docker\.sock|proc|sys|dev|home|boot)\/?$/.test(text)
  )
    return ESCAPES;
  if (
    key.length === 1 &&
    key[0] === 'add' &&
    place.words.some((words) => words.includes('capabilities')) &&
    /^(?:ALL|(?:CAP_)?SYS_(?:ADMIN|PTRACE|MODULE))$/i.test(text)
  )
    return ESCAPES;
  return undefined;
}

const PROTECTIONS =
  /^(?:enable_)?(?:deletion|termination|delete|disable_api|api_termination)_protection(?:_enabled)?$|^prevent_destroy$|^(?:enable_)?(?:point_in_time_recovery|pitr|versioning|backups?|automated_backups?|log_file_validation|key_rotation|object_lock)(?:_enabled)?$|^(?:block|ignore|restrict)_public_(?:acls|policy|buckets|access)$|^(?:storage_)?encrypted$|^encryption_at_rest$/;
const OPENINGS =
  /^publicly_accessible$|^public(?:_network)?_access(?:_enabled)?$|^allow_(?:blob_)?public_access$|^is_public$|^allow_unauthenticated$/;
const LOSSES =
  /^force_(?:destroy|delete)$|^skip_final_(?:backup|snapshot)$|^delete_automated_backups$|^force_delete_without_recovery$|^recovery_window_disabled$|^destroy$/;
const ESCALATIONS = /^privileged$|^allow_privilege_escalation$|^host_(?:network|pid|ipc)$/;

const RETENTION = /^(?:backup_)?retention(?:_period|_days|_in_days)?$|^backup_retention(?:_\w+)?$/;

/** Words of which every name of a setting has at least one. */
const SETTING = keyWords(
  'protection destroy recovery pitr versioning backup backups validation rotation lock public encrypted encryption publicly unauthenticated force skip delete privileged privilege host retention'.split(
    ' ',
  ),
);

function judgeSetting(name: string, value: unknown, path: readonly (readonly string[])[]): Said | undefined {
  if (PROTECTIONS.test(name)) {
    if (!isRefusing(value)) return undefined;
    return /public/.test(name) ? WORLD_OPEN : UNPROTECTS;
  }
  if (LOSSES.test(name)) return isGranting(value) ? UNPROTECTS : undefined;
  if (OPENINGS.test(name)) return isGranting(value) ? WORLD_OPEN : undefined;
  if (ESCALATIONS.test(name)) {
    const container = path.some((words) =>
      words.some(
        (word) =>
          word === 'containers' || word === 'container' || word === 'spec' || word === 'pod' || word === 'security',
      ),
    );
    return container && isGranting(value) ? ESCAPES : undefined;
  }
  return RETENTION.test(name) && (value === 0 || value === '0') ? UNPROTECTS : undefined;
}

const NETWORK_WORDS = new Set(
  'cidr cidrs cidrblock blocks block source sources range ranges ingress inbound allow allowed whitelist allowlist ip ips network networks prefix prefixes from rules rule address addresses peer acl'.split(
    ' ',
  ),
);

/** An address range that is half of all addresses, or all, coming in; going out to everybody is what programs do. */
function opensNetwork(text: string, key: readonly string[], path: readonly (readonly string[])[]): boolean {
  if (
    !/^(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f:]*::[0-9a-f:]*)\/[0-3]$/i.test(text) &&
    !(text === 'Internet' && key.includes('source'))
  )
    return false;
  if (path.some((words) => words.includes('egress') || words.includes('outbound') || words.includes('destination')))
    return false;
  return path.some((words) =>
    words.some((word) => NETWORK_WORDS.has(word) || word.startsWith('cidr') || word.startsWith('ip')),
  );
}

const denies = (owner: Readonly<Record<string, unknown>> | undefined): boolean =>
  Object.entries(owner ?? {}).some(
    ([key, value]) => wordsOf(key).join() === 'effect' && String(value).toLowerCase() === 'deny',
  );

/** Terraform or manifests as text: not parsed, read for what they must not hold. */
function judgeSource(text: string): Said | undefined {
  if (/\bresource\s+"[a-z0-9_]+"\s+"/.test(text)) {
    const inbound = text.replace(/\begress\s*\{[^}]*\}/g, '');
    if (
      /(?:cidr_blocks|source_ranges|cidr_ipv4|source_address_prefix)\s*=\s*\[?[^\]\n]*"(?:0\.0\.0\.0\/[0-3]|128\.0\.0\.0\/1|::\/[0-3]|\*)"/.test(
        inbound,
      )
    )
      return WORLD_OPEN;
    if (/acl\s*=\s*"public-read/.test(text)) return WORLD_OPEN;
    if (
      /(?:force_destroy|skip_final_snapshot)\s*=\s*true|(?:deletion_protection|prevent_destroy)\s*=\s*false/.test(text)
    )
      return UNPROTECTS;
  }
  if (/^\s*(?:-\s*)?(?:apiVersion|kind):/m.test(text)) {
    if (
      /^\s*(?:privileged|hostNetwork|hostPID|hostIPC|allowPrivilegeEscalation):\s*true/m.test(text) ||
      /hostPath:\s*\n\s*path:\s*["']?\/["']?\s*$/m.test(text)
    )
      return ESCAPES;
    if (/kind:\s*ClusterRoleBinding/.test(text) && /name:\s*["']?cluster-admin/.test(text)) return WIDE_POLICY;
  }
  return undefined;
}
