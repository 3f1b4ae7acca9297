import { Policy, type PolicyVersion } from '../contracts/policy.ts';
import { DomainError } from '../domain/errors.ts';
import { policyDigest } from '../domain/firewall/policy-digest.ts';
import type { Transaction } from './transaction.ts';

interface PolicyRow {
  version: number;
  digest: string;
  document: unknown;
  created_by: string;
  created_at: Date;
}

const DEFAULT = Policy.parse({});

/**
 * The policy in force. A project that never wrote one holds everything: version 0.
 * @throws DomainError when the stored document cannot be read: then nothing is judged by a guess.
 */
export async function currentPolicy(tx: Transaction): Promise<PolicyVersion> {
  const [row] = await tx.query<PolicyRow>(
    'select version, digest, document, created_by, created_at from policies where project_id = $1 order by version desc limit 1',
    [tx.project_id],
  );
  if (!row) return { version: 0, digest: policyDigest(DEFAULT), policy: DEFAULT, created_by: null, created_at: null };
  const parsed = Policy.safeParse(row.document);
  if (!parsed.success)
    throw new DomainError('internal', `policy version ${row.version} cannot be read by this release`);
  return {
    version: row.version,
    digest: row.digest,
    policy: parsed.data,
    created_by: row.created_by,
    created_at: row.created_at.toISOString(),
  };
}

/** Adds the next version. Two at once: the second gets the number after the first. */
export async function insertPolicy(tx: Transaction, policy: Policy, created_by: string): Promise<PolicyVersion> {
  await tx.query('select 1 from projects where id = $1 for update', [tx.project_id]);
  await tx.query(
    `insert into policies (project_id, version, digest, document, created_by)
     select $1, coalesce(max(version), 0) + 1, $2, $3, $4 from policies where project_id = $1`,
    [tx.project_id, policyDigest(policy), JSON.stringify(policy), created_by],
  );
  return currentPolicy(tx);
}
