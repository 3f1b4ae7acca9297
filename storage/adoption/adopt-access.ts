import type { Sealer } from '../../crypto/keyring.ts';
import { adoptKeys } from '../access/api-keys.ts';
import { adoptIdempotencyKeys } from '../access/idempotency.ts';
import { adoptPolicies } from '../approvals/policies.ts';
import type { Transaction } from '../db/transaction.ts';
import { type AdoptedProject, vouch } from './report.ts';

/** Keys and policies are vouched for. Sessions and sign-in links are deleted: people sign in again. */
export async function adoptAccess(tx: Transaction, sealer: Sealer, report: AdoptedProject): Promise<void> {
  for (const { id, owner, role, revoked_at } of await adoptKeys(tx, sealer))
    vouch(report.keys, { id, owner, role, revoked: revoked_at !== null });
  for (const { version, digest, created_by } of await adoptPolicies(tx, sealer))
    vouch(report.policies, { version, digest, created_by });
  for (const table of ['sessions', 'login_links'])
    report.signed_out += (
      await tx.query(`delete from ${table} where project_id = $1 returning 1`, [tx.project_id])
    ).length;
  await adoptIdempotencyKeys(tx, sealer);
}
