import type { Pool } from 'pg';
import type { Keyring } from '../../crypto/keyring.ts';
import { RolledBack, RowForged } from '../../crypto/row-mac.ts';
import type { IdempotencyStore, KeyStore } from '../../domain/access/ports.ts';
import { inProject, onceInProject } from '../db/transaction.ts';
import { asApiKey, insertKey, isAuthenticKey, type KeyRow, keyCreated, listKeys, revokeKey } from './api-keys.ts';
import { forget, keepAnswer, lockKey, release } from './idempotency.ts';
import type { AccessDeps } from './identity-store.ts';
import { readCurrent } from './rollback-memory.ts';

const ownerOf = ({ owner, role }: Pick<KeyRow, 'owner' | 'role'>) => ({ owner, role });

/** The keys of a project, for those who manage them. Keys that do not count are listed, and marked. */
export function keyStore({ pool, keyring, keys, memory, report, acts }: AccessDeps): KeyStore {
  const isBack = ({ id, revoked_at }: KeyRow) => revoked_at === null && memory.revokedKeys.has(id);

  return {
    createKey: (project_id, id, key, secret_sha256, by) =>
      acts.transact(project_id, async (tx, sealer, record) => {
        const written = await insertKey(tx, sealer, id, key, secret_sha256);
        if (written) await record(keyCreated(id, key, by));
        return written;
      }),
    async listKeys(project_id) {
      const sealer = await keyring.sealer(project_id);
      const rows = await readCurrent(
        () => onceInProject(pool, project_id, listKeys),
        (found) => found.some(isBack),
      );
      const items = [];
      for (const row of rows) {
        const isAuthentic = isAuthenticKey(sealer, row);
        const refused = isBack(row)
          ? new RolledBack('api_key', row.id)
          : isAuthentic
            ? undefined
            : new RowForged('api_key', row.id);
        if (refused) await report(project_id, refused);
        else if (row.revoked_at !== null) memory.revokedKeys.add(row.id);
        items.push(asApiKey(row, refused === undefined));
      }
      return items;
    },
    async revokeKey(project_id, id, by) {
      const found = await acts.transact(project_id, async (tx, sealer, record) => {
        const revoked = await revokeKey(tx, sealer, id);
        if (revoked?.now) await record({ kind: 'key_revoked', subject: id, by, details: ownerOf(revoked.row) });
        return revoked;
      });
      keys.forget(id); // before the answer: the notification of the commit may be late
      if (!found) return undefined;
      const { row } = found;
      const sealer = await keyring.sealer(project_id);
      const isAuthentic = isAuthenticKey(sealer, row);
      if (isAuthentic) memory.revokedKeys.add(id);
      return asApiKey(row, isAuthentic);
    },
  };
}

export const idempotencyStore = (pool: Pool, keyring: Keyring): IdempotencyStore => ({
  lock: async (project_id, scope, newReference) => {
    const sealer = await keyring.sealer(project_id);
    return inProject(pool, project_id, (tx) => lockKey(tx, sealer, scope, newReference));
  },
  keep: async (project_id, scope, reference, status, answer) => {
    const sealer = await keyring.sealer(project_id);
    await inProject(pool, project_id, (tx) => keepAnswer(tx, sealer, scope, reference, status, answer));
  },
  forget: (project_id, scope) => inProject(pool, project_id, (tx) => forget(tx, scope)),
  release: (project_id, scope) => inProject(pool, project_id, (tx) => release(tx, scope)),
});
