import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Policy } from '../../contracts/policy.ts';
import { newToken } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring, type Keyring, type Sealer } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { LATER_FIELDS, ROW_FIELDS, type RowKind } from '../../crypto/row-mac.ts';
import { isForgedRow } from '../../domain/approval/forged-row.ts';
import { policyDigest } from '../../domain/firewall/policy/policy-digest.ts';
import { insertLoginLink } from '../../storage/access/sessions.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { insertProject } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { actor } from '../helpers/actor.ts';
import { createDatabase, type TestDatabase } from '../helpers/database.ts';

/**
 * The attacker edits a dump and has no root key: the login of the application may write few of these columns (`grants.test.ts`). Every
 * authenticated column is changed alone, from the list of the MAC's fields.
 */
let db: TestDatabase;
let keyring: Keyring;
let owner: pg.Client;
beforeAll(async () => {
  db = await createDatabase();
  keyring = createKeyring(parseRootKey(randomBytes(32).toString('base64')), storedKeys(db.pool));
  owner = new pg.Client({ connectionString: db.owner_url });
  await owner.connect();
  await owner.query('set session_replication_role = replica'); // an edited dump passes no trigger
});
afterAll(async () => {
  await owner.end();
  await db.drop();
});

/** The stores of a process that starts now: no cache, no memory. */
const process = () => apiStores(db.pool, keyring);

async function newProject(): Promise<string> {
  const id = newId('prj');
  await inProject(db.pool, id, (tx) => insertProject(tx, 'p', keyring.wrapProjectKey(id)));
  return id;
}

const asEditorOfDumps = async (text: string, values: unknown[] = []): Promise<number> =>
  (await owner.query(text, values)).rowCount ?? 0;

interface Forgery {
  table: string;
  /** SQL condition with $1, the value that names the row. */
  where: string;
  mac: string;
  /** Writes a genuine row. Returns what names it in SQL, and its id in the MAC. */
  make(project_id: string): Promise<{ key: unknown; id: string }>;
  /** Whether a process that starts now lets it count. */
  counts(project_id: string, key: unknown): Promise<boolean>;
  /** The row under another name, in SQL with $1. */
  renamed: string;
  /** For fields that are no column, or whose column does not take a value derived from its type. */
  changes?: Record<string, string>;
}

const person = { owner: 'ana', role: 'approver' as const };
const createKey = async (project_id: string) => {
  const id = newId('key');
  const limits = { expires_in_ms: 3_600_000, permissions: ['approval:read' as const] };
  const key = { name: 'n', owner: 'bot', role: 'agent' as const, services: ['mail'], ...limits };
  await process().keys.createKey(project_id, id, key, randomBytes(32), actor('ana'));
  return id;
};
const put = (project_id: string, policy: object) =>
  process().policies.putPolicy(project_id, Policy.parse(policy), actor('dev-admin'), () => ({
    reason: 'because',
    loosenings: ['It allows more.'],
  }));

const ROLE = "role = case role when 'admin' then 'approver' else 'admin' end";
/** What the attacker wants of a key: more trust, no expiry, all permissions. */
const LIMITS = {
  context_trust: "context_trust = 'full'",
  expires_at: 'expires_at = null',
  permissions: 'permissions = null',
};
const FORGERIES = {
  api_key: {
    table: 'api_keys',
    where: 'id = $1',
    mac: 'mac',
    async make(project_id) {
      const id = await createKey(project_id);
      return { key: id, id };
    },
    counts: async (_project, key) => (await process().identities.key(String(key))) !== undefined,
    renamed: `update api_keys set id = '${newId('key')}' where id = $1 returning id as key`,
    changes: { role: ROLE, ...LIMITS },
  },
  api_key_revocation: {
    table: 'api_keys',
    where: 'id = $1',
    mac: 'revoked_mac',
    async make(project_id) {
      const id = await createKey(project_id);
      await process().keys.revokeKey(project_id, id, actor('ana'));
      return { key: id, id };
    },
    // A revoked key is refused, whatever its MAC: what counts is that it is listed as revoked by us.
    counts: async (project_id, key) =>
      (await process().keys.listKeys(project_id)).some(({ id, authentic }) => id === key && authentic),
    renamed: `update api_keys set id = '${newId('key')}' where id = $1 returning id as key`,
    changes: { role: ROLE, ...LIMITS },
  },
  session: {
    table: 'sessions',
    where: 'token_sha256 = $1',
    mac: 'mac',
    async make(project_id) {
      const { token_sha256 } = newToken();
      await process().identities.startSession(token_sha256, { project_id, ...person, key_id: null }, 12);
      return { key: token_sha256, id: Buffer.from(token_sha256).toString('hex') };
    },
    counts: async (_project, key) => (await process().identities.session(key as Buffer)) !== undefined,
    renamed:
      'update sessions set token_sha256 = sha256(token_sha256) where token_sha256 = $1 returning token_sha256 as key',
    changes: { role: ROLE, key_id: 'key_id = (select k.id from api_keys k where k.project_id = sessions.project_id)' },
  },
  login_link: {
    table: 'login_links',
    where: 'token_sha256 = $1',
    mac: 'mac',
    async make(project_id) {
      const { token_sha256 } = newToken();
      const sealer = await keyring.sealer(project_id);
      await inProject(db.pool, project_id, (tx) => insertLoginLink(tx, sealer, token_sha256, person, 15));
      return { key: token_sha256, id: Buffer.from(token_sha256).toString('hex') };
    },
    counts: async (_project, key) => (await process().identities.takeLoginLink(key as Buffer)) !== undefined,
    renamed:
      'update login_links set token_sha256 = sha256(token_sha256) where token_sha256 = $1 returning token_sha256 as key',
    changes: { role: ROLE },
  },
  policy: {
    table: 'policies',
    where: 'version = 2 and project_id = $1',
    mac: 'mac',
    async make(project_id) {
      await put(project_id, { default_routing: 'review_all' });
      await put(project_id, { default_routing: 'review_flagged' });
      return { key: project_id, id: '2' };
    },
    async counts(project_id) {
      const { opening, reportForged } = process();
      try {
        await opening.screeningBasis(project_id);
        return true;
      } catch (error) {
        if (!isForgedRow(error)) throw error;
        await reportForged(project_id, error); // as the api's error handler does
        return false;
      }
    },
    renamed: 'update policies set version = 3 where version = 2 and project_id = $1 returning project_id as key',
    changes: { previous_mac: '' },
  },
} satisfies Partial<Record<RowKind, Forgery>>;
const KINDS = Object.keys(FORGERIES) as (keyof typeof FORGERIES)[];
const fieldsOf = (kind: RowKind): string[] => [
  ...ROW_FIELDS[kind],
  ...Object.keys(kind in LATER_FIELDS ? LATER_FIELDS[kind as keyof typeof LATER_FIELDS] : {}),
];
const forgeryOf = (kind: keyof typeof FORGERIES): Forgery => FORGERIES[kind];

/** A change of any column by its type, so that a field that is added to a MAC is changed here without a word. */
async function changeOf(forgery: Forgery, field: string): Promise<string> {
  const given = forgery.changes?.[field];
  if (given !== undefined) return given;
  const { rows } = await owner.query(
    "select data_type from information_schema.columns where table_schema = 'public' and table_name = $1 and column_name = $2",
    [forgery.table, field],
  );
  const by: Record<string, string> = {
    text: `coalesce(${field}, '') || 'x'`,
    ARRAY: `array_append(coalesce(${field}, '{}'), 'x')`,
    bytea: `sha256(${field})`,
    integer: `${field} + 1`,
    boolean: `not ${field}`,
    'timestamp with time zone': `${field} + interval '1 minute'`,
  };
  const change = by[rows[0]?.data_type];
  if (!change) throw new Error(`no change for ${forgery.table}.${field}: ${rows[0]?.data_type}`);
  return `${field} = ${change}`;
}

const incidents = async (project_id: string) =>
  (await owner.query('select kind from incidents where project_id = $1 order by created_at', [project_id])).rows.map(
    ({ kind }) => kind as string,
  );

/** A genuine row, after `forge`, does not count, and its project has an incident. */
async function refused(
  kind: keyof typeof FORGERIES,
  forge: (made: { project_id: string; key: unknown; id: string }) => Promise<unknown>,
) {
  const forgery = forgeryOf(kind);
  const project_id = await newProject();
  await createKey(project_id); // an existing key, for a session to name
  const made = await forgery.make(project_id);
  const moved = (await forge({ project_id, ...made })) as { key?: unknown; project_id?: string } | undefined;
  const at = moved?.project_id ?? project_id;
  expect(await forgery.counts(at, moved?.key ?? made.key)).toBe(false);
  expect(await incidents(at)).toEqual(['forged_row']);
}

describe.each(KINDS)('a row of the kind %s', (kind) => {
  const forgery = forgeryOf(kind);
  const { table, where, mac } = forgery;

  test('counts as it was written, without an incident', async () => {
    const project_id = await newProject();
    const { key } = await forgery.make(project_id);
    expect(await forgery.counts(project_id, key)).toBe(true);
    expect(await incidents(project_id)).toEqual([]);
  });

  test.each(fieldsOf(kind).map((field) => [field]))('with another %s does not count', (field) =>
    refused(kind, async ({ project_id, key }) => {
      if (field === 'previous_mac') {
        // The MAC of the version before.
        expect(
          await asEditorOfDumps('update policies set mac = sha256(mac) where version = 1 and project_id = $1', [
            project_id,
          ]),
        ).toBe(1);
        return;
      }
      const change = await changeOf(forgery, field);
      expect(await asEditorOfDumps(`update ${table} set ${change} where ${where}`, [key])).toBe(1);
    }),
  );

  test('without a MAC, with a wrong one or a longer one does not count', async () => {
    for (const value of [
      'null',
      `'\\x'::bytea`,
      `sha256(${mac})`,
      `set_byte(${mac}, 16, 255 - get_byte(${mac}, 16))`,
      `${mac} || '\\x00'::bytea`,
    ])
      await refused(kind, async ({ key }) => {
        expect(await asEditorOfDumps(`update ${table} set ${mac} = ${value} where ${where}`, [key])).toBe(1);
      });
  });

  test('with the MAC of another kind, of another row or of another project does not count', async () => {
    const sealed = async (project_id: string, as: (sealer: Sealer, row: never) => Buffer, key: unknown) => {
      const { rows } = await owner.query(`select *, null as previous_mac from ${table} where ${where}`, [key]);
      return as(await keyring.sealer(project_id), rows[0] as never);
    };
    for (const other of Object.keys(ROW_FIELDS).filter((name) => name !== kind) as RowKind[])
      await refused(kind, async ({ project_id, key, id }) => {
        const value = await sealed(project_id, (sealer, row) => sealer.macOf(other, id, row), key);
        expect(await asEditorOfDumps(`update ${table} set ${mac} = $2 where ${where}`, [key, value])).toBe(1);
      });
    await refused(kind, async ({ project_id, key }) => {
      const value = await sealed(project_id, (sealer, row) => sealer.macOf(kind, 'another', row), key);
      expect(await asEditorOfDumps(`update ${table} set ${mac} = $2 where ${where}`, [key, value])).toBe(1);
    });
    const elsewhere = await newProject();
    await refused(kind, async ({ key, id }) => {
      const value = await sealed(elsewhere, (sealer, row) => sealer.macOf(kind, id, row), key);
      expect(await asEditorOfDumps(`update ${table} set ${mac} = $2 where ${where}`, [key, value])).toBe(1);
    });
  });

  test('that is moved to another project does not count', () =>
    refused(kind, async ({ key }) => {
      const there = await newProject();
      if (kind === 'policy') await put(there, {}); // version 1
      expect(await asEditorOfDumps(`update ${table} set project_id = $2 where ${where}`, [key, there])).toBe(1);
      return { key: kind === 'policy' ? there : key, project_id: there };
    }));

  test('under another id does not count', () =>
    refused(kind, async ({ key }) => {
      const { rows } = await owner.query(forgery.renamed, [key]);
      return { key: rows[0].key };
    }));
});

describe('a version of a policy', () => {
  /** Version 3, with the genuine MAC of `signed`, never read by this process before. */
  const third = async (project_id: string, signed: Policy, document: object) => {
    const { rows } = await owner.query('select mac from policies where version = 2 and project_id = $1', [project_id]);
    const row = { digest: policyDigest(signed), created_by: 'dev-admin', created_at: new Date(), reason: null };
    const mac = (await keyring.sealer(project_id)).macOf('policy', '3', {
      ...row,
      loosenings: [],
      previous_mac: rows[0].mac,
    });
    await owner.query(
      `insert into policies (project_id, version, digest, document, created_by, created_at, mac) values ($1, 3, $2, $3, $4, $5, $6)`,
      [project_id, row.digest, JSON.stringify(document), row.created_by, row.created_at, mac],
    );
  };
  const strict = Policy.parse({ default_routing: 'review_all' });

  test('counts with the document of its digest, and not with another one', async () => {
    const genuine = await newProject();
    await FORGERIES.policy.make(genuine);
    await third(genuine, strict, strict);
    expect(await FORGERIES.policy.counts(genuine)).toBe(true);
    await refused('policy', ({ project_id }) => third(project_id, strict, { ...strict, default_routing: 'observe' }));
  });

  test('that was inserted with the MAC of the one before does not count, and is marked in the log', async () => {
    const project_id = await newProject();
    await FORGERIES.policy.make(project_id);
    const text = `insert into policies (project_id, version, digest, document, created_by, created_at, reason, loosenings, mac)
      select project_id, 3, digest, document, created_by, created_at, reason, loosenings, mac from policies where version = 2 and project_id = $1`;
    expect(await asEditorOfDumps(text, [project_id])).toBe(1);
    expect(await FORGERIES.policy.counts(project_id)).toBe(false);
    await expect(put(project_id, { default_routing: 'observe' })).rejects.toMatchObject({ name: 'RowForged' });
    const { items } = await process().policies.policyLog(project_id, 10, undefined);
    expect(items.map(({ version, authentic }) => [version, authentic])).toEqual([
      [3, false],
      [2, true],
      [1, true],
    ]);
  });
});

test('a key that was inserted is listed as not authentic, and can be revoked', async () => {
  const project_id = await newProject();
  const id = newId('key');
  await asEditorOfDumps(
    `insert into api_keys (id, project_id, name, owner, role, secret_sha256, created_at) values ($1, $2, 'x', 'cfo', 'admin', $3, now())`,
    [id, project_id, randomBytes(32)],
  );
  const genuine = await createKey(project_id);
  const { keys, identities } = process();
  const authentic = async () => (await keys.listKeys(project_id)).map((key) => [key.id, key.authentic]);
  expect(await authentic()).toEqual([
    [id, false],
    [genuine, true],
  ]);
  expect(await identities.key(id)).toBeUndefined();
  expect(await keys.revokeKey(project_id, id, actor('ana'))).toMatchObject({ id, authentic: false });
  expect(await identities.key(id)).toBeUndefined();
});

test('a session of a key that is not authentic, or revoked by anyone, has ended', async () => {
  for (const change of ["role = 'agent'", 'revoked_at = now()']) {
    const project_id = await newProject();
    const key_id = newId('key');
    await process().keys.createKey(project_id, key_id, { name: 'n', ...person }, randomBytes(32), actor('ana'));
    const { token_sha256 } = newToken();
    await process().identities.startSession(token_sha256, { project_id, ...person, key_id }, 12);
    expect(await process().identities.session(token_sha256)).toMatchObject({ project_id, ...person, key_id });
    expect(await asEditorOfDumps(`update api_keys set ${change} where id = $1`, [key_id])).toBe(1);
    expect(await process().identities.session(token_sha256)).toBeUndefined();
    expect(await incidents(project_id)).toEqual(['forged_row']);
  }
});
