import type { Pool } from 'pg';
import type { Keyring } from '../../crypto/keyring.ts';
import { actsOfKind, authenticateAct } from '../acts/admin-acts.ts';
import { onceInProject } from '../db/transaction.ts';

/**
 * Signing keys of which this project has an act that revokes them, and whose row says nothing of it: somebody brought the row back from
 * before the revocation. Receipts that a thief signs would count again.
 */
export async function keysBroughtBack(pool: Pool, keyring: Keyring, project_id: string): Promise<string[]> {
  const acts = await onceInProject(pool, project_id, (tx) => actsOfKind(tx, project_id, 'signing_key_revoked'));
  if (acts.length === 0) return [];
  const sealer = await keyring.sealer(project_id);
  const { keys } = await keyring.issuerKeys();
  const revoked = new Set(keys.filter((key) => key.revoked !== undefined).map(({ kid }) => kid));
  for (const act of acts) authenticateAct(sealer, act);
  return [...new Set(acts.map(({ subject }) => subject ?? ''))].filter(
    (kid) => !revoked.has(kid) && keys.some((key) => key.kid === kid),
  );
}
