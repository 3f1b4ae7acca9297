import type { ContextTrust } from '../../contracts/action.ts';
import type { ApiKey, Permission, Role } from '../../contracts/key.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { permissionsOf } from '../../domain/access/permissions.ts';
import type { NewKey } from '../../domain/access/ports.ts';
import type { Actor, NewAct } from '../../domain/acts/act.ts';
import { notifyRevoked } from '../db/notices.ts';
import { clock, type Transaction } from '../db/transaction.ts';

/** What limits a key beside its role and services. */
type KeyLimits = Pick<KeyRow, 'context_trust' | 'expires_at' | 'made_by' | 'permissions'>;

export interface KeyRow {
  id: string;
  project_id: string;
  name: string;
  owner: string;
  role: Role;
  services: string[] | null;
  secret_sha256: Buffer;
  created_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
  context_trust: ContextTrust;
  expires_at: Date | null;
  /** By the database's clock, when the row was read. */
  expired: boolean;
  /** The owner who made the key, if it is another person's. */
  made_by: string | null;
  /** Null: all of the role. */
  permissions: Permission[] | null;
  mac: Buffer | null;
  revoked_mac: Buffer | null;
}

export const KEY_COLUMNS = `id, project_id, name, owner, role, services, secret_sha256, created_at, last_used_at, revoked_at, context_trust,
  expires_at, coalesce(expires_at <= now(), false) as expired, made_by, permissions, mac, revoked_mac`;

/**
 * Whether this product wrote the key, or its revocation. The attacker writes to the database and has no root key: a key of theirs, or
 * one whose owner, role, services, secret or limits they changed, is refused as an unknown one.
 */
export const isAuthenticKey = (sealer: Sealer, row: KeyRow): boolean =>
  row.revoked_at === null
    ? row.revoked_mac === null && sealer.isAuthentic('api_key', row.id, row, row.mac)
    : sealer.isAuthentic('api_key_revocation', row.id, row, row.revoked_mac);

export const asApiKey = (row: KeyRow, authentic: boolean): ApiKey => ({
  id: row.id,
  name: row.name,
  owner: row.owner,
  role: row.role,
  services: row.services,
  created_at: row.created_at.toISOString(),
  last_used_at: row.last_used_at?.toISOString() ?? null,
  revoked_at: row.revoked_at?.toISOString() ?? null,
  context_trust: row.context_trust,
  expires_at: row.expires_at?.toISOString() ?? null,
  made_by: row.made_by,
  permissions: [...permissionsOf(row)],
  authentic,
});

/** Undefined, and nothing written, when the id exists: the application may not change a key (`storage/grants.ts`). */
export async function insertKey(
  tx: Transaction,
  sealer: Sealer,
  id: string,
  key: NewKey,
  secret_sha256: Uint8Array,
): Promise<ApiKey | undefined> {
  const created_at = await clock(tx);
  const { name, owner, role, services = null, context_trust = 'tighten_only', permissions = null, expires_in_ms } = key;
  const fields = {
    ...{ name, owner, role, services, secret_sha256, created_at, context_trust, permissions },
    expires_at: expires_in_ms === undefined ? null : new Date(created_at.getTime() + expires_in_ms),
    made_by: key.made_by ?? null,
  };
  const names = Object.keys(fields);
  const [row] = await tx.query<KeyRow>(
    `insert into api_keys (id, project_id, mac, ${names.join(', ')})
     values ($1, $2, $3, ${names.map((_, i) => `$${i + 4}`).join(', ')})
     on conflict (id) do nothing returning ${KEY_COLUMNS}`,
    [id, tx.project_id, sealer.macOf('api_key', id, fields), ...Object.values(fields)],
  );
  return row && asApiKey(row, true);
}

/** The act that records it. */
export const keyCreated = (id: string, key: NewKey, by: Actor): NewAct => ({
  kind: 'key_created',
  subject: id,
  by,
  details: {
    ...{ owner: key.owner, role: key.role, services: key.services ?? null },
    ...(key.context_trust === 'full' && { context_trust: key.context_trust }),
    ...(key.expires_in_ms !== undefined && { expires_in_ms: key.expires_in_ms }),
    ...(key.permissions && { permissions: key.permissions }),
    ...(typeof key.made_by === 'string' && { made_by: key.made_by }),
  },
});

/** The caller checks each with `isAuthenticKey`. */
export const listKeys = (tx: Transaction): Promise<KeyRow[]> =>
  tx.query<KeyRow>(`select ${KEY_COLUMNS} from api_keys where project_id = $1 order by created_at, id`, [
    tx.project_id,
  ]);

async function readKey(tx: Transaction, id: string, lock = ''): Promise<KeyRow | undefined> {
  const [row] = await tx.query<KeyRow>(
    `select ${KEY_COLUMNS} from api_keys where project_id = $1 and id = $2 ${lock}`,
    [tx.project_id, id],
  );
  return row;
}

/**
 * Undefined for an unknown key. The MAC of the revocation replaces that of the key. A row that is not authentic is revoked without one:
 * its content is not vouched for. The commit notifies every api (`key-cache.ts`). `now`: it was not revoked before.
 */
export async function revokeKey(
  tx: Transaction,
  sealer: Sealer,
  id: string,
): Promise<{ row: KeyRow; now: boolean } | undefined> {
  await notifyRevoked(tx, id);
  const found = await readKey(tx, id, 'for update');
  if (!found) return undefined;
  if (found.revoked_at !== null) return { row: found, now: false };
  const revoked = { ...found, revoked_at: await clock(tx) };
  const [row] = await tx.query<KeyRow>(
    `update api_keys set revoked_at = $3, revoked_mac = $4, mac = null where project_id = $1 and id = $2 returning ${KEY_COLUMNS}`,
    [
      tx.project_id,
      id,
      revoked.revoked_at,
      isAuthenticKey(sealer, found) ? sealer.macOf('api_key_revocation', id, revoked) : null,
    ],
  );
  return { row: row!, now: true };
}

/** Of these ids, the keys whose row has a revocation, authentic or not. `query` sees every project. */
export const revokedAmong = async (
  query: <R>(text: string, values: unknown[]) => Promise<R[]>,
  ids: string[],
): Promise<string[]> =>
  (await query<{ id: string }>('select id from api_keys where id = any($1) and revoked_at is not null', [ids])).map(
    ({ id }) => id,
  );

/** For `acrossProjects`. The caller checks each. */
export const keysAmong = (tx: Transaction, ids: readonly string[]): Promise<KeyRow[]> =>
  tx.query<KeyRow>(`select ${KEY_COLUMNS} from api_keys where id = any($1)`, [ids]);

/**
 * For `acrossProjects`. Finds revoked keys too. The caller checks the row with the key of the project that it names. Records the use, at
 * most once a minute.
 */
export async function findKey(tx: Transaction, id: string): Promise<KeyRow | undefined> {
  const [row] = await tx.query<KeyRow>(
    `with used as (
       update api_keys set last_used_at = now()
       where id = $1 and revoked_at is null and coalesce(last_used_at, '-infinity') < now() - interval '1 minute')
     select ${KEY_COLUMNS} from api_keys where id = $1`,
    [id],
  );
  return row;
}

/** Of the release before migration 0007, whose tables have none of the later columns. */
type FormerKey = Omit<KeyRow, keyof KeyLimits | 'expired'>;
const NO_LIMITS: KeyLimits = { context_trust: 'tighten_only', expires_at: null, made_by: null, permissions: null };

/**
 * Writes the MACs of the keys that have none, as they stand, and returns these keys. Only `letsping migrate` vouches for rows of the
 * release before; at any other time an absent MAC is a wrong one.
 */
export async function adoptKeys(tx: Transaction, sealer: Sealer): Promise<FormerKey[]> {
  const rows = await tx.query<FormerKey>(
    `select id, project_id, name, owner, role, services, secret_sha256, created_at, last_used_at, revoked_at, mac, revoked_mac
     from api_keys where project_id = $1 and mac is null and revoked_mac is null order by created_at, id`,
    [tx.project_id],
  );
  for (const former of rows) {
    const row = { ...former, ...NO_LIMITS };
    await tx.query('update api_keys set mac = $3, revoked_mac = $4 where project_id = $1 and id = $2', [
      tx.project_id,
      row.id,
      row.revoked_at === null ? sealer.macOf('api_key', row.id, row) : null,
      row.revoked_at === null ? null : sealer.macOf('api_key_revocation', row.id, row),
    ]);
  }
  return rows;
}
