import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idsOf } from '../../helpers/finding-ids.ts';
import { foundIn, reviewFlagged } from './screening.ts';

const at = (payload: Record<string, unknown>, action = { service: 'it', action: 'update_user' }): string[] =>
  foundIn({ ...action, payload }, { untrusted: false }, reviewFlagged({ allowed_domains: ['ours.example'] })).filter(
    (one) => !one.startsWith('destination/unlisted_url'),
  );

describe('administrator flags in every spelling', () => {
  const noun = fc.constantFrom<string[]>(
    ['super', 'user'],
    ['superuser'],
    ['admin'],
    ['administrator'],
    ['sys', 'admin'],
    ['owner'],
    ['root'],
  );
  const around = fc.constantFrom<(words: string[]) => string[]>(
    (words) => words,
    (words) => ['is', ...words],
    (words) => ['make', ...words],
    (words) => ['promote', 'to', ...words],
    (words) => ['has', ...words, 'access'],
  );
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  const spelling = fc.constantFrom<(words: string[]) => string>(
    (words) => words.join('_'),
    (words) => words.join('-'),
    (words) => words.join(' '),
    (words) => words.join('_').toUpperCase(),
    (words) => words.map(capital).join(''),
    (words) => words.map((word, index) => (index === 0 ? word : capital(word))).join(''),
  );
  const on = fc.constantFrom<unknown>(true, 1, 'true', 'yes', 'on', 'Y');
  const place = fc.constantFrom<(key: string, value: unknown) => Record<string, unknown>>(
    (key, value) => ({ [key]: value }),
    (key, value) => ({ meta: { list: [{ [key]: value }] } }),
    (key, value) => ({ field: key, value }),
    (key, value) => ({ updates: [{ field: key, to: value }] }),
    (key, value) => ({ [key]: { enabled: value } }),
    (key, value) => ({ [key]: { from: false, to: value } }),
    (key, value) => ({ extra: JSON.stringify({ [key]: value }) }),
  );
  test('is held', () => {
    fc.assert(
      fc.property(noun, around, spelling, on, place, (words, wrap, spell, value, put) =>
        idsOf(at(put(spell(wrap(words)), value))).some((id) => /^privilege\/(?:admin_flag|override_flag)$/.test(id)),
      ),
      { numRuns: 300 },
    );
  });
  test('is allowed where it is off or negated', () => {
    fc.assert(
      fc.property(noun, spelling, fc.constantFrom<unknown>(false, 0, 'false', 'no', 'off'), (words, spell, value) => {
        expect(at({ [spell(['is', ...words])]: value })).toEqual([]);
        expect(at({ [spell(['non', ...words])]: true })).toEqual([]);
      }),
    );
  });
});

test.each<[string, Record<string, unknown>[]]>([
  [
    'admin_role',
    [
      { role: 'super_user' },
      { role: 'a.d.m.i.n' },
      { role: { key: 'administrator' } },
      { user_type: 'admin' },
      { accountType: 'superadmin' },
      { flags: ['admin'] },
      { memberOf: ['cn=admins,dc=x'] },
      { assume_role: 'arn:aws:iam::1:role/Admin' },
      { roles: [{ group: 'owners' }] },
      { body: 'name=x&role=admin' },
      { scope: 'admin:read' },
    ],
  ],
  [
    'wildcard',
    [
      { permissions: { '*': true } },
      { permissions: { all: true } },
      { scopes: ['all:all'] },
      { grant: { permission: 'FULL_CONTROL' } },
      { scopes: ['https://www.googleapis.com/auth/cloud-platform'] },
      { abilities: ['*'] },
    ],
  ],
  [
    'admin_flag',
    [
      { adm1n: true },
      { r00t: 1 },
      { '4dmin': 'yes' },
      { PermitRootLogin: 'yes' },
      { headers: { 'X-Admin': 'true' } },
      { data: 'is_admin: true\nname: x' },
    ],
  ],
  ['elevation', [{ grantAllPermissions: true }, { runAsUser: 0 }, { become: true }, { is_privileged: true }]],
  ['impersonation', [{ impersonation: { user: 'ceo' } }, { execute_as: 'SYSTEM' }, { behalf_of: 'ceo@ours.example' }]],
  [
    'protection_off',
    [
      { insecure: true },
      { rejectUnauthorized: false },
      { auth: 'none' },
      { csrf_protection: false },
      { strict_ssl: false },
      { human_in_the_loop: false },
      { password_required: false },
      { dlp_enabled: false },
      { audit: { mode: 'off' } },
      { seccomp: 'unconfined' },
      { ops: [{ op: 'remove', path: '/mfa_required' }] },
      { unset: ['approval_required'] },
    ],
  ],
  [
    'override_flag',
    [
      { dangerously_skip_permissions: true },
      { allow_unsafe: true },
      { force_approve: true },
      { skipConfirm: true },
      { no_verify: true },
    ],
  ],
  ['self_approval', [{ preApproved: true }, { auto_confirm: true }, { authorized_by: 'ceo' }]],
  ['never_expires', [{ valid_until: '9999-12-31' }, { token_ttl: 'infinite' }, { expiry: 'none' }]],
  ['prototype_path', [{ 'constructor.prototype.isAdmin': true }, { 'a[__proto__][b]': 1 }]],
])('%s', (id, payloads) => {
  for (const payload of payloads)
    expect([payload, idsOf(at(payload))]).toEqual([payload, expect.arrayContaining([`privilege/${id}`])]);
});

test.each<[Record<string, unknown>]>([
  [{ supervisor: true, admin_contact: 'x', role: 'administrative assistant' }],
  [{ capabilities: { drop: ['ALL'] }, type: 'user', user_type: 'trial', level: 'all' }],
  [{ filter: 'role=admin', where: 'is_admin=true' }],
  [{ no_limit_holdem: true, auth_type: 'oauth2', ssl: true, safe: true, confirm: true }],
  [{ expires_at: '2027-01-31', ttl: 300, expires: null }],
  [{ permissions: { read: true, all: false }, updates: [{ field: 'name', to: 'Root' }] }],
  [{ body: 'Name: Lea\nRole: Admin' }],
  [{ ops: [{ op: 'remove', path: '/title' }], unset: ['nickname'] }],
])('allows %j', (payload) => {
  expect(at(payload)).toEqual([]);
});

describe('plans, clouds and clusters', () => {
  const apply = (payload: Record<string, unknown>) =>
    idsOf(at(payload, { service: 'terraform-agent', action: 'apply' }));
  test.each<[string, Record<string, unknown>[]]>([
    [
      'world_open',
      [
        { source_address_prefix: '*' },
        { ingress: [{ cidr: '0.0.0.0/00' }] },
        { inbound: [{ source: 'any' }] },
        { ACL: 'PublicRead' },
        { public_access: 'blob' },
        { enablePublicAccess: true },
        { bucket: 'x', public: true },
      ],
    ],
    [
      'unprotects',
      [
        { versioning: { enabled: false } },
        { VersioningConfiguration: { Status: 'Suspended' } },
        { point_in_time_recovery: { enabled: false } },
        { disable_api_termination: false },
        { log_retention: 0 },
        { http_tokens: 'optional' },
        { reclaimPolicy: 'Delete' },
        { guardduty: { enable: false } },
      ],
    ],
    [
      'wide_policy',
      [
        { rules: [{ resources: ['secrets'], verbs: ['get'] }] },
        { rules: [{ resources: ['x'], verbs: ['escalate'] }] },
        { api: 'PutBucketPolicy' },
        { hcl: 'resource "aws_iam_policy" "x" {\n policy = jsonencode({Statement=[{Effect="Allow",Action="*"}]})\n}' },
      ],
    ],
    [
      'container_escape',
      [
        { services: { x: { volumes: ['/:/host'] } } },
        { HostConfig: { PidMode: 'host' } },
        { services: { x: { cap_add: ['SYS_ADMIN'] } } },
        { spec: { volumes: [{ hostPath: { path: '/var/lib/kubelet' } }] } },
      ],
    ],
    [
      'deletes',
      [
        { api: 'DeactivateMFADevice' },
        { mode: 'destroy' },
        { method: 'DELETE', path: '/v1/x' },
        { op: 'delete', urn: 'x' },
      ],
    ],
    ['scaled_to_nothing', [{ desired_capacity: 0 }]],
  ])('%s', (id, payloads) => {
    for (const payload of payloads)
      expect([payload, apply(payload)]).toEqual([payload, expect.arrayContaining([`infrastructure/${id}`])]);
  });
  test('are allowed where they protect, go outwards, or describe the previous state', () => {
    for (const payload of [
      { routes: [{ cidr_block: '0.0.0.0/0', nat_gateway_id: 'n' }] },
      { egress: [{ cidr_blocks: ['0.0.0.0/0'] }] },
      {
        resource_changes: [
          {
            change: {
              actions: ['update'],
              before: { deletion_protection: false },
              after: { deletion_protection: true },
            },
          },
        ],
      },
      { rules: [{ resources: ['configmaps'], verbs: ['get'] }] },
      { services: { x: { volumes: ['./data:/data'], cap_drop: ['ALL'] } } },
      { versioning: 'Enabled', status: 'enabled', desired_capacity: 2, min_size: 1 },
      { description: 'delete the old bucket later', public: false },
    ])
      expect([payload, apply(payload)]).toEqual([payload, []]);
  });
});
