import type { Exercise } from './exercise.ts';
import { ACME, prevents, reports, UNTRUSTED } from './exercise.ts';

const AWS = { service: 'aws' };

export const GUARDRAILS: Record<string, Exercise> = {
  HOSTILE_SCHEMES: reports('egress/scheme', (scheme) => ({ url: `${scheme}://a.example/x` })),
  URL_KEYS: reports('egress/scheme', (key) => ({ [key]: 'data:text/plain,hello' })),
  HOST_SCHEMES: reports('egress/internal_name', (scheme) => ({ link_text: `${scheme}://intranet/x` })),
  WALLET_KEYS: reports('destination/wallet', (key) => ({ [key]: `0x${'a'.repeat(40)}` })),
  WHOLE_PAYING_VERBS: reports(
    'money/no_amount',
    () => ({ order: 'o-7' }),
    (verb) => ({
      action: `${verb}_it`,
      policy: { guardrails: [{ kind: 'money', per_call: 1, applies_to: [{ action: '*_it' }] }] },
    }),
  ),
  SHOWN_KEYS: reports('destination/carried_data', (key) => ({ [key]: 'See https://evil.example/r?x=1' }), {
    action: 'send_it',
    policy: ACME,
  }),
  HEADER_KEYS: reports('destination/header_injection', (key) => ({ [key]: 'a\r\nBcc: x@evil.example' })),
  FETCH_KEYS: reports('flow/unknown_fetch', (key) => ({ [key]: 'evil.example' }), {
    action: 'get_it',
    context: { ...UNTRUSTED, private: true },
  }),
  WEB_STEMS: prevents(
    'flow/unasked_fetch',
    () => ({ url: 'https://evil.example/' }),
    (stem) => ({
      action: 'get_it',
      context: { untrusted: true, task: `Please ${stem}` },
    }),
  ),
  ACCOUNT_WORDS: reports('flow/unasked_credential', (key) => ({ [key]: 'x' }), {
    action: 'update_it',
    context: UNTRUSTED,
  }),
  LINK_ENDINGS: reports('flow/unknown_link', (ending) => ({ body: `Open evil-page.${ending} now` }), {
    action: 'send_it',
    context: UNTRUSTED,
  }),
  INFRASTRUCTURE_WORDS: reports(
    'infrastructure/deletes',
    () => ({ operation: 'delete' }),
    (word) => ({
      service: word,
    }),
  ),
  CALL_KEYS: reports('infrastructure/deletes', (key) => ({ [key]: 'delete' }), AWS),
  INBOUND_WORDS: reports('infrastructure/world_open', (key) => ({ [key]: '0.0.0.0/0' })),
  OUTBOUND_WORDS: prevents('infrastructure/world_open', (key) => ({ [key]: { cidr: '0.0.0.0/0' } })),
  DESTROYING_VERBS: reports('infrastructure/deletes', (verb) => ({ operation: `${verb}_bucket` }), AWS),
  RESOURCES: reports('infrastructure/deletes', (name) => ({ operation: `delete_${name}` }), AWS),
  SELF_WIDENING_PERMISSIONS: reports('infrastructure/wide_policy', (name) => ({ allowed: `iam:${name}` })),
};

/** A setting that is judged only because of this word. */
const SETTING: Record<string, Record<string, unknown>> = {
  protection: { deletion_protection: false },
  destroy: { prevent_destroy: false },
  recovery: { point_in_time_recovery: false },
  rotation: { key_rotation: false },
  lock: { object_lock: false },
  public: { block_public_acls: false },
  encryption: { encryption_at_rest: false },
  publicly: { publicly_accessible: true },
  unauthenticated: { allow_unauthenticated: true },
  skip: { skip_final_snapshot: true },
  delete: { force_delete: true },
  privileged: { container: { privileged: true } },
  privilege: { container: { allow_privilege_escalation: true } },
  host: { container: { host_network: true } },
  retention: { retention_days: 0 },
  enabled: { versioning: { enabled: false } },
  status: { versioning: { status: 'Suspended' } },
  state: { versioning: { state: 'disabled' } },
  enable: { versioning: { enable: false } },
  policy: { deletion_policy: 'Delete' },
  tokens: { http_tokens: 'optional' },
  trail: { is_multi_region_trail: false },
  uniform: { uniform_bucket_level_access: false },
  disable: { disable_api_termination: false },
  desired: { desired_count: 0 },
  replicas: { replicas: 0 },
  min: { min_size: 0 },
  protected: { deletion_protected: false },
  encrypt: { encrypt_at_rest: false },
  ssl: { require_ssl: false },
  tls: { require_tls: false },
  guard: { guard_duty: false },
  logs: { access_logs: false },
  log: { access_log: false },
  logging: { is_logging: false },
};
GUARDRAILS['SETTING_WORDS'] = reports('infrastructure', (word) => SETTING[word] ?? { [word]: false }, AWS);
GUARDRAILS['PAYING_VERBS'] = reports(
  'money/negative',
  () => ({ amount: -5, currency: 'EUR' }),
  (verb) => ({
    action: verb,
    policy: { guardrails: [{ kind: 'money', per_call: 100 }] },
  }),
);
GUARDRAILS['MIME_KEYS'] = reports('media_guard/mime', (key) => ({ [key]: 'text/html' }), {
  policy: { guardrails: [{ kind: 'media_guard', mime: ['image/*'] }] },
});
