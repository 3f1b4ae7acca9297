import { Policy, type PolicyVersion } from '../../contracts/policy.ts';
import type { PolicyChange, PolicyLog } from '../../contracts/policy-change.ts';
import { DomainError } from '../../domain/errors.ts';
import { policyDigest } from '../../domain/firewall/policy/policy-digest.ts';
import type { Transaction } from '../db/transaction.ts';

interface PolicyRow {
  version: number;
  digest: string;
  document: unknown;
  created_by: string;
  created_at: Date;
}

const DEFAULT = Policy.parse({});
const DEFAULT_DIGEST = policyDigest(DEFAULT);

/** Versions are immutable, so parsed policies are cached; parsing costs more than the query. */
const MAX_PARSED = 1_000;
const parsedPolicies = new Map<string, Policy>();

function parsed(project_id: string, { version, digest, document }: PolicyRow): Policy {
  const name = `${project_id}/${version}/${digest}`;
  const known = parsedPolicies.get(name);
  if (known) return known;
  const result = Policy.safeParse(document);
  if (!result.success) throw new DomainError('internal', `policy version ${version} cannot be read by this release`);
  if (parsedPolicies.size >= MAX_PARSED) parsedPolicies.clear();
  parsedPolicies.set(name, result.data);
  return result.data;
}

/**
 * The policy in force. A project that never wrote one holds everything: version 0.
 * @throws DomainError when this release cannot read the stored document: nothing is screened by a guess.
 */
export async function currentPolicy(tx: Transaction): Promise<PolicyVersion> {
  const [row] = await tx.query<PolicyRow>(
    'select version, digest, document, created_by, created_at from policies where project_id = $1 order by version desc limit 1',
    [tx.project_id],
  );
  if (!row) return { version: 0, digest: DEFAULT_DIGEST, policy: DEFAULT, created_by: null, created_at: null };
  return {
    version: row.version,
    digest: row.digest,
    policy: parsed(tx.project_id, row),
    created_by: row.created_by,
    created_at: row.created_at.toISOString(),
  };
}

/** SQL condition: this version of the policy is still in force. */
export const policyIsStill = (version: string, project_id = '$2'): string =>
  `${version}::int = coalesce((select version from policies where project_id = ${project_id} order by version desc limit 1), 0)`;

/**
 * Adds the next version. Of two concurrent calls, the second is compared with the version of the first. `compare` is given the
 * previous version, and throws to refuse the new one.
 */
export async function insertPolicy(
  tx: Transaction,
  policy: Policy,
  created_by: string,
  compare: (before: PolicyVersion) => Pick<PolicyChange, 'reason' | 'loosenings'>,
): Promise<PolicyVersion> {
  await tx.query('select 1 from projects where id = $1 for update', [tx.project_id]);
  const before = await currentPolicy(tx);
  const { reason, loosenings } = compare(before);
  await tx.query(
    `insert into policies (project_id, version, digest, document, created_by, reason, loosenings)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [tx.project_id, before.version + 1, policyDigest(policy), JSON.stringify(policy), created_by, reason, loosenings],
  );
  return currentPolicy(tx);
}

/** The versions before `before`, newest first. `next` is the `before` of the next page. */
export async function policyLog(tx: Transaction, limit: number, before: number | undefined): Promise<PolicyLog> {
  const rows = await tx.query<Omit<PolicyChange, 'created_at'> & { created_at: Date }>(
    `select version, digest, created_by, created_at, reason, loosenings from policies
     where project_id = $1 and ($2::integer is null or version < $2) order by version desc limit $3`,
    [tx.project_id, before ?? null, limit + 1],
  );
  const items = rows.slice(0, limit).map((row) => ({ ...row, created_at: row.created_at.toISOString() }));
  return { items, next: rows.length > limit ? items.at(-1)!.version : null };
}
