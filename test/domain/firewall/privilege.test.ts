import { describe, expect, test } from 'vitest';
import { wordsOf } from '../../../domain/firewall/text/tokenizer.ts';
import { b64 } from '../../helpers/base64.ts';
import { found, screenPayload } from './screening.ts';

describe('members that grant too much', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['a pair of stars', { permissions: ['*:*'] }, 'wildcard /permissions/0'],
    ['a star', { scope: '*' }, 'wildcard /scope'],
    ['a whole service', { actions: ['read', 's3:*'] }, 'wildcard /actions/1'],
    ['a resource of any name', { Resource: 'arn:aws:s3:::bucket/*' }, 'wildcard /Resource'],
    ['a pattern', { allow: '.*' }, 'wildcard /allow'],
    ['two stars below a grant', { grants: { repos: '**' } }, 'wildcard /grants/repos'],
    ['spaces', { permissions: [' * : * '] }, 'wildcard /permissions/0'],
    ['fullwidth stars', { permissions: ['＊:＊'] }, 'wildcard /permissions/0'],
    ['other stars', { permissions: ['∗:∗'] }, 'wildcard /permissions/0'],
    ['an invisible character', { permissions: ['*\u200b:*'] }, 'wildcard /permissions/0'],
    ['a word for everything', { access: 'ANY' }, 'wildcard /access'],
    ['snake case', { admin_override: true }, 'override_flag /admin_override'],
    ['camel case', { adminOverride: true }, 'override_flag /adminOverride'],
    ['Pascal case', { AdminOverride: 'yes' }, 'override_flag /AdminOverride'],
    ['kebab case', { 'admin-override': 'on' }, 'override_flag /admin-override'],
    ['capitals', { ADMIN_OVERRIDE: 1 }, 'override_flag /ADMIN_OVERRIDE'],
    ['a dotted key', { 'user.admin_override': true }, 'override_flag /user.admin_override'],
    ['brackets', { 'user[admin override]': 'true' }, 'override_flag /user[admin override]'],
    ['no boundary at all', { adminoverride: true }, 'override_flag /adminoverride'],
    ['a Cyrillic letter', { аdmin_override: true }, 'override_flag /аdmin_override'],
    ['fullwidth letters', { ａｄｍｉｎ_override: true }, 'override_flag /ａｄｍｉｎ_override'],
    ['a soft hyphen', { 'admin\u00ad_override': true }, 'override_flag /admin\u00ad_override'],
    ['a mark of direction', { '\u202eadmin_override': true }, 'override_flag /\u202eadmin_override'],
    ['a zero-width space', { 'ad\u200bmin_override': true }, 'override_flag /ad\u200bmin_override'],
    ['a state below the flag', { admin_override: { enabled: true } }, 'override_flag /admin_override/enabled'],
    ['a check skipped', { skipPolicyCheck: true }, 'override_flag /skipPolicyCheck'],
    ['a bypass', { bypass: true }, 'override_flag /bypass'],
    ['an administrator', { meta: { x: [{ y: { is_admin: true } }] } }, 'admin_flag /meta/x/0/y/is_admin'],
    ['a superuser', { is_superuser: true }, 'admin_flag /is_superuser'],
    ['root', { as_root: '1' }, 'admin_flag /as_root'],
    ['sudo', { sudo: true }, 'admin_flag /sudo'],
    ['a role', { role: 'admin' }, 'admin_role /role'],
    ['an owner', { new_role: 'Owner' }, 'admin_role /new_role'],
    ['a role of several words', { roles: ['viewer', 'super-admin'] }, 'admin_role /roles/1'],
    ['a cluster role', { roleRef: { name: 'cluster-admin' } }, 'admin_role /roleRef/name'],
    ['a leet role', { role: '@dm1n' }, 'admin_role /role'],
    [
      'a role given by a patch',
      { ops: [{ op: 'replace', path: '/roles/-', value: 'administrator' }] },
      'admin_role /ops/0/value',
    ],
    ['a flag given by a name', { name: 'is_admin', value: true }, 'admin_flag /value'],
    ['JSON in JSON', { extra: JSON.stringify({ p: JSON.stringify({ scopes: ['*'] }) }) }, 'wildcard /extra'],
    ['base64', { extra: b64('{"is_admin":true}') }, 'admin_flag /extra'],
    ['impersonation', { act_as: 'owner@yourco.example' }, 'impersonation /act_as'],
    ['a scope that impersonates', { scopes: ['user.impersonate_all'] }, 'impersonation /scopes/0'],
    ['an approval of its own', { approved_by: 'ana' }, 'self_approval /approved_by'],
    ['a prototype in a string', { extra: '{"__proto__":{"isAdmin":true}}' }, 'payload_not_fully_judged /extra'],
    ['a path to a prototype', { path: '__proto__.isAdmin', value: true }, 'prototype_path /path'],
    ['a path to a constructor', { path: '/constructor/prototype/x', value: 1 }, 'prototype_path /path'],
    ['a second factor off', { mfa_enabled: false }, 'protection_off /mfa_enabled'],
    ['an audit log off', { audit_log: { enabled: 'false' } }, 'protection_off /audit_log/enabled'],
    ['an approval no longer required', { approval_required: false }, 'protection_off /approval_required'],
    ['certificates unchecked', { verify_ssl: false }, 'protection_off /verify_ssl'],
    ['a protection disabled', { disable_mfa: true }, 'override_flag /disable_mfa'],
    ['a role in a list in a string', { roles: 'viewer,admin' }, 'admin_role /roles'],
    ['a scope among scopes', { scope: 'read write admin' }, 'admin_role /scope'],
    ['capitals with digits', { role: 'R00T' }, 'admin_role /role'],
    ['a Cyrillic role', { role: 'аdmin' }, 'admin_role /role'],
    ['all privileges', { privileges: ['ALL PRIVILEGES'] }, 'wildcard /privileges/0'],
    ['a flag for everything', { grantAll: true }, 'elevation /grantAll'],
    ['full access', { full_access: 'yes' }, 'elevation /full_access'],
    ['what is overridden, below', { override: { safety: true } }, 'override_flag /override/safety'],
    ['a protection left out', { without_approval: true }, 'override_flag /without_approval'],
    ['a second factor in words', { twoFactor: false }, 'protection_off /twoFactor'],
    ['a self-approval', { autoApprove: true }, 'self_approval /autoApprove'],
    ['a token without an end', { never_expires: true }, 'never_expires /never_expires'],
  ])('%s', (_, payload, expected) => {
    const id = expected.startsWith('payload') ? expected : `privilege/${expected}`;
    expect(found(payload)).toContain(id);
    expect(screenPayload(payload).verdict).toBe('hold');
  });

  test('a prototype key, in a payload that did not pass the JSON guard', () => {
    expect(found(JSON.parse('{"a":{"__proto__":{"isAdmin":true}}}'))).toContain(
      'privilege/prototype_path /a/__proto__',
    );
  });

  test('both flags of one call, each at its pointer', () => {
    expect(found({ user_id: 'u1', admin_override: true, permissions: ['*:*'] })).toEqual([
      'privilege/override_flag /admin_override',
      'privilege/wildcard /permissions/0',
    ]);
  });
});

test.each<[string, Record<string, unknown>]>([
  ['a glob of files', { include: 'src/**/*.ts' }],
  ['a star in a query', { select: '*', query: 'select count(*) from orders' }],
  ['a cron line', { schedule: '0 3 * * *' }],
  ['a rating', { rating: '*****' }],
  ['a flag that is off', { is_admin: false, admin_override: 'false' }],
  ['a contact', { admin_contact: 'helpdesk@yourco.example' }],
  ['a cause', { root_cause: 'disk full' }],
  ['a cache', { cache_bypass: true }],
  ['a price', { price_override: true }],
  ['a refresh', { force_refresh: true }],
  ['a game', { game: 'sudoku', sudoku: true }],
  ['a viewer', { role: 'viewer', new_role: 'marketing' }],
  ['a second factor on', { mfa: 'on', mfa_enabled: true }],
  ['the word proto', { prototype_id: 4, note: 'the proto of __proto__ is odd', constructor_name: 'x' }],
  ['a statement that denies', { Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] }],
  ['a read scope', { scopes: ['read:reports'] }],
  ['not root', { runAsNonRoot: true, privileged: false }],
  ['an approval required', { require_admin_approval: true, approval_required: true }],
  ['a page', { skip: 1, limit: 10 }],
  ['an owner named', { owner: 'ana', owner_id: 7 }],
  ['a product owner', { role: 'product owner' }],
  ['a grouping', { group_by: 'owner', policy_id: 'all' }],
  ['a token', { access_token: 'full' }],
  ['a title and a path', { title: 'Admin guide', path: '/srv/admin/report.txt', name: 'root' }],
  ['no access at all', { no_access: true, notify_admin: true }],
  ['an expiry required', { expiry_required: true }],
])('allows %s', (_, payload) => {
  expect(found(payload)).toEqual([]);
});

test.each([
  ['userAdminOverride', 'user admin override'],
  ['HTTPServerURL', 'http server url'],
  ['mfaEnabled', 'mfa enabled'],
  ['isadmin2', 'is admin'],
  ['sudoku', 'sudoku'],
  ['a.b[c] d', 'a b c d'],
])('the words of %s', (key, words) => {
  expect(wordsOf(key).join(' ')).toBe(words);
});
