import type { Exercise } from './exercise.ts';
import { prevents, reports, reportsOneOf } from './exercise.ts';

const flag = (finding: string, keyOf: (entry: string) => string, value: unknown = true): Exercise =>
  reports(`privilege/${finding}`, (entry) => ({ [keyOf(entry)]: value }));
const text = (finding: string, key: string, textOf: (entry: string) => string = (entry) => entry): Exercise =>
  reports(`privilege/${finding}`, (entry) => ({ [key]: textOf(entry) }));
const own = (entry: string): string => entry;

export const PRIVILEGE: Record<string, Exercise> = {
  ADMIN_WORDS: flag('admin_flag', own),
  ADMIN_NEUTRAL: reportsOneOf(['privilege/admin_flag', 'privilege/override_flag'], (word) => ({
    [`admin_${word}`]: true,
  })),
  LIFTING_WORDS: reports('privilege/override_flag', (word) => ({ [word]: { approval: true } })),
  PROTECTED_WORDS: flag('override_flag', (word) => `bypass_${word}`),
  LIFTING_ALONE: flag('override_flag', own),
  STRONG_PROTECTIONS: flag('protection_off', own, false),
  WEAK_PROTECTIONS: flag('protection_off', (word) => `${word}_enabled`, false),
  ENABLING_WORDS: flag('protection_off', (word) => `approval_${word}`, false),
  ALONE_PROTECTIONS: flag('protection_off', own, false),
  STATE_WORDS: reports('privilege/protection_off', (word) => ({ mfa: { [word]: false } })),
  NEGATIONS: prevents('privilege/admin_role', (word) => ({ role: `${word}-admin` })),
  NEVER_WORDS: flag('never_expires', (word) => `${word}_expire`),
  MISSED_PROTECTIONS: flag('override_flag', (word) => `no_${word}`),
  MISSED_BESIDE: flag('override_flag', (word) => `no_mfa_${word}`),
  NO_GRANT: prevents('privilege/wildcard', (word) => ({ [`permission_${word}`]: '*' })),
  GRANT_WORDS: flag('wildcard', own, '*'),
  ROLE_WORDS: flag('admin_role', own, 'admin'),
  ROLE_NEUTRAL: text('admin_role', 'role', (word) => `root ${word}`),
  GRANTING_VALUES: text('admin_flag', 'admin'),
  REFUSING_VALUES: text('protection_off', 'mfa'),
  CREDENTIAL_WORDS: flag('never_expires', (word) => `${word}_ttl`, 0),
  EXPIRY_WORDS: reports('privilege/never_expires', (word) => ({ [`expires_${word}`]: null }), {
    action: 'create_token',
  }),
  NO_END_VALUES: text('never_expires', 'expires_at'),
  HEIGHT_WORDS: flag('wildcard', own, 'max'),
  HIGHEST_VALUES: text('wildcard', 'access'),
  ALL_OF_THEM: text('wildcard', 'access', (word) => `all-${word}`),
  ADMIN_ACCOUNTS: text('admin_role', 'user'),
  EVERYTHING_VALUES: text('wildcard', 'permissions'),
  RIGHTS_OVER_ALL: text('wildcard', 'scopes', (word) => `${word}:all`),
  ALL_RIGHTS: text('wildcard', 'scopes', (word) => `all-${word}`),
  PATH_WORDS: flag('prototype_path', own, '__proto__.polluted'),
};

/** A member that is judged only because of this word: the gate of the guardrail looks for nothing else in it. */
const CONCERNED: Record<string, Record<string, unknown>> = {
  new: { name: 'is_admin', new: true },
  to: { name: 'is_admin', to: true },
  after: { name: 'is_admin', after: true },
  path: { op: 'remove', path: '/mfa_required' },
  permit: { permit_everything: true },
  give: { give_everything: true },
  full: { full_control: true },
  all: { all_control: true },
  auto: { auto_accept: true },
  impersonate: { impersonate: 'bob' },
  impersonated: { impersonated: 'bob' },
  impersonates: { impersonates: 'bob' },
  impersonating: { impersonating: 'bob' },
  impersonation: { impersonation_target: 'bob' },
  run: { run: 'root' },
  user: { user: 'root' },
  username: { username: 'root' },
  switch: { switch: 'root' },
  as: { act_as: 'bob' },
  factor: { two_factor: false },
  expires: { expires_at: 'never' },
  lifetime: { token_lifetime: 0 },
  ttl: { token_ttl: 0 },
  timeout: { idle_timeout: 0 },
  valid: { valid_until: 'never' },
  type: { account_type: 'admin' },
  kind: { account_kind: 'admin' },
  member: { member_of: 'admins' },
  subject: { impersonator: { subject: 'bob' } },
  reject: { reject_unauthorized: false },
  human: { human_in_the_loop: false },
  unset: { unset: 'mfa' },
  remove: { remove: 'mfa' },
  behalf: { behalf_of: 'bob' },
  mode: { mode: '777' },
  chmod: { chmod: '777' },
  identity: { assumed_identity: 'bob' },
  delegate: { delegate_for: 'bob' },
  by: { approved_by: 'bob' },
  transfer: { transfer_ownership: 'bob' },
  pre: { pre_approved: true },
  safe: { safe: false },
};
PRIVILEGE['CONCERNED_WORDS'] = {
  has: (word) => reports('privilege', () => CONCERNED[word] ?? { [word]: true }).has(word),
};
