import type { ApiKey, CreateKeyBody, Role } from '../../contracts/key.ts';
import { notifyRevoked } from '../db/events.ts';
import type { Transaction } from '../db/transaction.ts';

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
}

const COLUMNS = 'id, project_id, name, owner, role, services, secret_sha256, created_at, last_used_at, revoked_at';

const asApiKey = (row: KeyRow): ApiKey => ({
  id: row.id,
  name: row.name,
  owner: row.owner,
  role: row.role,
  services: row.services,
  created_at: row.created_at.toISOString(),
  last_used_at: row.last_used_at?.toISOString() ?? null,
  revoked_at: row.revoked_at?.toISOString() ?? null,
});

export async function insertKey(
  tx: Transaction,
  id: string,
  key: CreateKeyBody,
  secret_sha256: Uint8Array,
): Promise<ApiKey> {
  const [row] = await tx.query<KeyRow>(
    `insert into api_keys (id, project_id, name, owner, role, services, secret_sha256) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (id) do update set secret_sha256 = excluded.secret_sha256 returning ${COLUMNS}`,
    [id, tx.project_id, key.name, key.owner, key.role, key.services ?? null, secret_sha256],
  );
  return asApiKey(row!);
}

export async function listKeys(tx: Transaction): Promise<ApiKey[]> {
  return (
    await tx.query<KeyRow>(`select ${COLUMNS} from api_keys where project_id = $1 order by created_at, id`, [
      tx.project_id,
    ])
  ).map(asApiKey);
}

/** Undefined for an unknown key. The commit notifies every api (`key-cache.ts`). */
export async function revokeKey(tx: Transaction, id: string): Promise<ApiKey | undefined> {
  await notifyRevoked(tx, id);
  const [row] = await tx.query<KeyRow>(
    `update api_keys set revoked_at = coalesce(revoked_at, now()) where project_id = $1 and id = $2 returning ${COLUMNS}`,
    [tx.project_id, id],
  );
  return row && asApiKey(row);
}

/** For `acrossProjects`. Revoked keys are not found. Records the use, at most once a minute. */
export async function findKey(tx: Transaction, id: string): Promise<KeyRow | undefined> {
  const [row] = await tx.query<KeyRow>(
    `with used as (
       update api_keys set last_used_at = now()
       where id = $1 and revoked_at is null and coalesce(last_used_at, '-infinity') < now() - interval '1 minute')
     select ${COLUMNS} from api_keys where id = $1 and revoked_at is null`,
    [id],
  );
  return row;
}
