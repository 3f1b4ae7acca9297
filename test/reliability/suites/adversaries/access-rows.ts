import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { createLoginLink } from '../../../../storage/access/login-link.ts';
import { openedLink } from '../../../helpers/opened-link.ts';
import { decide, pause, pooled, shuffled } from '../../suite.ts';
import type { Attempts } from './attempts.ts';
import { type Change, changed, changesOf, type Login, wrote } from './row-changes.ts';

const sha256 = (text: string) => hash('sha256', text, 'buffer');
const idOf = (api_key: string) => `key_${api_key.slice('lp_test_'.length, 'lp_test_'.length + 26)}`;
/** A key whose secret the attacker chose. */
function ownKey(id: string): { api_key: string; secret_sha256: Buffer } {
  const secret = 'm'.repeat(43);
  const body = `lp_test_${id.slice(4)}${secret}`;
  return { api_key: body + crc32(body).toString(16).padStart(8, '0'), secret_sha256: sha256(secret) };
}
const hex = (bytes: Uint8Array) => `'\\x${Buffer.from(bytes).toString('hex')}'`;

/** Columns that grant nothing. */
const USE = ['last_used_at'];

/** The key decides nothing: an approval of a fresh request with it is refused. */
async function powerless(on: Attempts, what: string, api_key: string): Promise<void> {
  const target = await on.held();
  const answer = await decide(on.rig, target.id, { type: 'approve', payload_digest: target.payload_digest }, api_key);
  const list = await on.rig.call(api_key, 'GET', '/api/approval-requests?limit=1');
  on.count.check(
    answer.status === 401 && list.status === 401,
    () => `${what}: decided with ${answer.status}, listed with ${list.status}`,
  );
  await on.pending(what, target);
}

/** API keys that the attacker inserts or changes. The changed ones were not used before, so that no process has them in memory. */
export async function forgedKeys(on: Attempts, random: () => number, most: number): Promise<void> {
  const { rig } = on;
  const genuine = idOf(await rig.key('adv-genuine', 'approver'));
  let number = 0;
  const macs = {
    'no MAC': 'null',
    'a MAC of zeros': "'\\x0100000000000000000000000000000000'",
    "another key's MAC": `(select mac from api_keys where id = '${genuine}')`,
  };
  for (const [name, mac] of Object.entries(macs))
    for (const role of ['approver', 'admin'] as const)
      for (const login of ['application', 'owner'] as const) {
        const id = `key_0${String(++number).padStart(25, '0')}`;
        const { api_key, secret_sha256 } = ownKey(id);
        await wrote(
          rig,
          login,
          `insert into api_keys (id, project_id, name, owner, role, secret_sha256, created_at, mac) values ($1, $2, 'x', 'cfo', $3, $4, now(), ${mac})`,
          [id, rig.project_id, role, secret_sha256],
        );
        on.tried('forged key');
        await powerless(on, `a key with ${name}, role ${role}, by ${login}`, api_key);
      }
  const changes = (await changesOf(rig, 'api_keys', random)).filter(({ column }) => !USE.includes(column));
  // The attacker knows the secret of a key of their own, and writes its hash into another's row.
  const known = ownKey('key_00000000000000000000000000');
  await pooled(shuffled(changes, random).slice(0, most), 2, async (change, at) => {
    const made = await rig.key(`adv-${at}`, 'approver');
    const login: Login = at % 2 ? 'application' : 'owner';
    const restore = await changed(rig, login, change, `id = '${idOf(made)}'`);
    if (restore === 'unchanged') return;
    on.tried('changed column of api_keys');
    const what = `a key with ${change.column} = ${change.value}`;
    await powerless(on, what, change.column === 'secret_sha256' ? rewritten(made) : made);
    await restore();
  });
  await liftedLimits(on);
  const victim = await rig.key('adv-victim', 'admin');
  await wrote(rig, 'application', `update api_keys set secret_sha256 = ${hex(known.secret_sha256)} where id = $1`, [
    idOf(victim),
  ]);
  on.tried('changed column of api_keys');
  await powerless(on, "a key with the attacker's secret", ownKey(idOf(victim)).api_key);

  // A key of another project, given to this one.
  const other = await rig.foreign();
  await wrote(rig, 'owner', 'update api_keys set project_id = $1 where id = $2', [
    rig.project_id,
    idOf(other.admin_api_key),
  ]);
  on.tried('key moved to another project');
  await powerless(on, 'a key of another project', other.admin_api_key);
}

/** A key of the attacker's own, from whose row they take what limits it. */
const LIMITED = { expires_in_ms: 86_400_000, permissions: ['approval:read'] };
const LIFTED = [
  ['agent', "context_trust = 'full'"],
  ['agent', 'expires_at = null'],
  ['approver', "expires_at = expires_at + interval '1 year'"],
  ['approver', 'permissions = null'],
  ['admin', "permissions = array['approval:read', 'approval:decide', 'key:manage', 'policy:loosen']"],
  ['approver', 'made_by = null'],
] as const;

/** Any call of the key is refused as that of an unknown key: nothing is left of what it could do before, either. */
async function liftedLimits(on: Attempts): Promise<void> {
  for (const login of ['application', 'owner'] as const)
    for (const [at, [role, set]] of LIFTED.entries()) {
      const api_key = await on.rig.key(`adv-limited-${at}`, role, LIMITED);
      const isWritten = await wrote(on.rig, login, `update api_keys set ${set} where id = $1`, [idOf(api_key)]);
      on.count.check(isWritten === (login === 'owner'), () => `${login} ${isWritten ? 'may' : 'may not'} write ${set}`);
      if (!isWritten) continue;
      on.tried('lifted limit of a key');
      await powerless(on, `a key after ${set}`, api_key);
      await alarmedProject(on, `a key after ${set}`, 'forged_row');
    }
}

const rewritten = (api_key: string) => ownKey(idOf(api_key)).api_key;

/** Revoked keys whose older row the attacker brings back, and a running api refuses. */
export async function broughtBackKeys(on: Attempts): Promise<void> {
  const { rig } = on;
  const api_key = await rig.key('adv-revoked', 'approver');
  const id = idOf(api_key);
  const [row] = await rig.sql('select to_jsonb(k) as row from api_keys k where id = $1', [id]);
  on.count.check(
    (await rig.call(api_key, 'GET', '/api/approval-requests?limit=1')).status === 200,
    () => 'a fresh key is refused',
  );
  const revoked = await rig.call(rig.admin_api_key, 'DELETE', `/api/keys/${id}`);
  on.count.check(revoked.status < 300, () => `revoking answered ${revoked.status}`);
  await pause(1_200);
  on.count.check(
    (await rig.call(api_key, 'GET', '/api/approval-requests?limit=1')).status === 401,
    () => 'a revoked key still counts',
  );
  for (const login of ['application', 'owner'] as const) {
    await wrote(
      rig,
      login,
      `update api_keys k set revoked_at = null, revoked_mac = null, mac = o.mac
       from jsonb_populate_record(null::api_keys, $1::jsonb) o where k.id = o.id`,
      [JSON.stringify(row.row)],
    );
    on.tried('older key brought back');
    await powerless(on, 'a revoked key, brought back', api_key);
  }
  await alarmedProject(on, 'a revoked key, brought back', 'rolled_back');
}

async function alarmedProject(on: Attempts, what: string, kind: string, project_id = on.rig.project_id): Promise<void> {
  const rows = await on.rig.sql('select 1 from incidents where project_id = $1 and kind = $2', [project_id, kind]);
  on.count.check(rows.length > 0, () => `${what}: the project has no incident ${kind}`);
}

const COOKIE = 'letsping';

/** A browser with this session: shown the request, and approving it. */
async function browser(on: Attempts, token: string): Promise<{ isSignedIn: boolean; approved: string | undefined }> {
  const { rig } = on;
  const target = await on.held();
  const headers = { cookie: `${COOKIE}=${token}`, origin: rig.url };
  const page = await fetch(`${rig.url}/requests/${target.id}`, { headers, redirect: 'manual' });
  const text = await page.text();
  await fetch(`${rig.url}/requests/${target.id}/decision`, {
    method: 'POST',
    headers,
    redirect: 'manual',
    body: new URLSearchParams({ type: 'approve', payload_digest: target.payload_digest, decision: 'approve' }),
  });
  const [row] = await rig.sql('select actor from ledger where request_id = $1', [target.id]);
  return { isSignedIn: page.status === 200 && text.includes(target.id), approved: row?.actor };
}

const login = async (on: Attempts, once: string): Promise<string | undefined> => {
  const { url } = on.rig;
  const { cookie, fields } = await openedLink(url, once);
  const answer = await fetch(`${url}/login`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: { origin: url, cookie },
    redirect: 'manual',
  });
  return answer.headers
    .getSetCookie()
    .map((text) => /^letsping=([^;]+)/.exec(text)?.[1])
    .find((token) => token !== undefined);
};
const linkFor = (on: Attempts, owner: string) =>
  createLoginLink({
    databaseUrl: on.rig.app_url,
    rootKey: on.rig.env['LETSPING_ROOT_KEY']!,
    project_id: on.rig.project_id,
    owner,
  });

/** Sessions and sign-in links that the attacker inserts, changes, or brings back. */
export async function forgedSignIns(on: Attempts, random: () => number, most: number): Promise<void> {
  const { rig } = on;
  const token = 'm'.repeat(43);
  const genuine = await login(on, await linkFor(on, 'ana'));
  const seen = await browser(on, genuine ?? '');
  on.count.check(seen.isSignedIn, () => 'an honest sign-in shows no request');
  const refused = async (what: string, used: string | undefined) => {
    if (used === undefined) return on.count.pass(1);
    const { isSignedIn, approved } = await browser(on, used);
    on.count.check(!isSignedIn && approved === undefined, () => `${what}: signed in, approved by ${approved}`);
  };
  for (const mac of [
    'null',
    "'\\x0100000000000000000000000000000000'",
    '(select mac from sessions where mac is not null limit 1)',
  ]) {
    await wrote(
      rig,
      'application',
      `insert into sessions (token_sha256, project_id, owner, role, created_at, expires_at, mac) values ($1, $2, 'cfo', 'admin', now(), now() + interval '1 day', ${mac})`,
      [sha256(token), rig.project_id],
    );
    await wrote(
      rig,
      'application',
      `insert into login_links (token_sha256, project_id, owner, role, expires_at, mac) values ($1, $2, 'cfo', 'admin', now() + interval '1 day', ${mac.replace('sessions', 'login_links')})`,
      [sha256(token), rig.project_id],
    );
    on.tried('forged session or link', 2);
    await refused(`a session with ${mac}`, token);
    await refused(`a link with ${mac}`, await login(on, token));
    await wrote(rig, 'owner', 'delete from sessions where token_sha256 = $1', [sha256(token)]);
    await wrote(rig, 'owner', 'delete from login_links where token_sha256 = $1', [sha256(token)]);
  }
  const tables: Record<string, (change: Change, at: number) => Promise<void>> = {
    async sessions(change, at) {
      const session = await login(on, await linkFor(on, `adv-${at}`));
      const restore = await changed(rig, 'application', change, `token_sha256 = ${hex(sha256(session!))}`);
      if (restore === 'unchanged') return;
      on.tried('changed column of sessions');
      await refused(`a session with ${change.column} = ${change.value}`, session);
      await restore();
    },
    async login_links(change, at) {
      const link = await linkFor(on, `adv-${at}`);
      const restore = await changed(rig, 'application', change, `token_sha256 = ${hex(sha256(link))}`);
      if (restore === 'unchanged') return;
      on.tried('changed column of login_links');
      const session = await login(on, link);
      on.count.check(session === undefined, () => `a link with ${change.column} = ${change.value} signs in`);
      await restore();
    },
  };
  for (const [table, variation] of Object.entries(tables)) {
    const changes = await changesOf(rig, table, random);
    await pooled(shuffled(changes, random).slice(0, most), 1, (change, at) => variation(change, at));
  }
  // Brought back: a used link, and a session that was ended.
  const used = await linkFor(on, 'adv-used');
  const [before] = await rig.sql(
    `select to_jsonb(l) as row from login_links l where token_sha256 = ${hex(sha256(used))}`,
  );
  await login(on, used);
  await wrote(rig, 'owner', `delete from login_links where token_sha256 = ${hex(sha256(used))}`);
  await wrote(
    rig,
    'owner',
    'insert into login_links select * from jsonb_populate_record(null::login_links, $1::jsonb)',
    [JSON.stringify(before.row)],
  );
  on.tried('older sign-in brought back');
  await refused('a used link, brought back', await login(on, used));
  const [session] = await rig.sql(
    `select to_jsonb(s) as row from sessions s where token_sha256 = ${hex(sha256(genuine!))}`,
  );
  await fetch(`${rig.url}/logout`, {
    method: 'POST',
    headers: { cookie: `${COOKIE}=${genuine}`, origin: rig.url },
    redirect: 'manual',
  });
  await wrote(
    rig,
    'application',
    'insert into sessions select * from jsonb_populate_record(null::sessions, $1::jsonb)',
    [JSON.stringify(session.row)],
  );
  on.tried('older sign-in brought back');
  await refused('an ended session, brought back', genuine);
}

const LOOSE = { default_routing: 'observe', accept_unsigned_signals: true };

/** Policies that the attacker inserts, changes or removes. Each in a project of its own. */
export async function forgedPolicies(on: Attempts, random: () => number, most: number): Promise<void> {
  const { rig } = on;
  const asks = async (what: string, key: string) => {
    await pause(200);
    const answer = await rig.call(key, 'POST', '/api/ingest', {
      service: 'billing-agent',
      action: 'refund',
      payload: { amount: 1 },
    });
    on.count.check(
      answer.status >= 400 || answer.body.verdict === 'hold',
      () => `${what}: answered ${answer.status} ${answer.text.slice(0, 200)}`,
    );
    return answer;
  };
  for (const login of ['application', 'owner'] as const)
    for (const mac of [
      'null',
      "'\\x0100000000000000000000000000000000'",
      '(select mac from policies where project_id = $1 order by version desc limit 1)',
    ]) {
      const project = await rig.foreign();
      const isWritten = await wrote(
        rig,
        login,
        `insert into policies (project_id, version, digest, document, created_by, created_at, reason, loosenings, mac)
         select $1, version + 1, digest, $2::jsonb, 'ceo', now(), 'x', loosenings, ${mac} from policies where project_id = $1 order by version desc limit 1`,
        [project.project_id, JSON.stringify(LOOSE)],
      );
      on.count.check(isWritten, () => `a policy by ${login} was not written: this attempt proves nothing`);
      on.tried('forged policy');
      await asks(`a policy with ${mac}, by ${login}`, project.agent_api_key);
      await alarmedProject(on, 'a forged policy', 'forged_row', project.project_id);
    }
  const changes = await changesOf(rig, 'policies', random);
  changes.push({ table: 'policies', column: 'document', value: `'${JSON.stringify(LOOSE)}'` });
  await pooled(shuffled(changes, random).slice(0, most), 2, async (change) => {
    const project = await rig.foreign();
    const restore = await changed(rig, 'owner', change, `project_id = '${project.project_id}' and version = 1`);
    if (restore === 'unchanged') return;
    on.tried('changed column of policies');
    await asks(`a policy with ${change.column} = ${change.value}`, project.agent_api_key);
    await restore();
  });
  // The version before, which allowed more, after the stricter one was removed.
  const project = await rig.foreign();
  const put = (policy: object) =>
    rig.call(project.admin_api_key, 'PUT', '/api/policy', policy, { 'x-letsping-reason': 'adversaries' });
  const loose = await put(LOOSE);
  const strict = await put({ default_routing: 'review_all' });
  on.count.check(
    loose.status < 300 && strict.status < 300,
    () => `policies answered ${loose.status}, ${strict.status}: ${loose.text}`,
  );
  await asks('the policy in force', project.agent_api_key);
  await wrote(
    rig,
    'owner',
    'delete from policies where project_id = $1 and version = (select max(version) from policies where project_id = $1)',
    [project.project_id],
  );
  on.tried('older policy brought back');
  await pause(6_000);
  const answer = await asks('the policy before, brought back', project.agent_api_key);
  on.count.check(answer.status >= 500, () => `the policy before, brought back: answered ${answer.status}`);
  await alarmedProject(on, 'the policy before, brought back', 'rolled_back', project.project_id);
}
