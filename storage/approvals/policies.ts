import { Policy, type PolicyVersion } from '../../contracts/policy.ts';
import type { PolicyChange, PolicyLog } from '../../contracts/policy-change.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RowForged } from '../../crypto/row-mac.ts';
import type { Actor, NewAct } from '../../domain/acts/act.ts';
import { DomainError } from '../../domain/errors.ts';
import { policyDigest } from '../../domain/firewall/policy/policy-digest.ts';
import { clock, type Transaction } from '../db/transaction.ts';

interface VersionRow {
  version: number;
  digest: string;
  created_by: string;
  created_at: Date;
  reason: string | null;
  loosenings: string[];
  mac: Buffer | null;
  /** The MAC of the version before; null for the first. */
  previous_mac: Buffer | null;
}

type PolicyRow = VersionRow & { document: unknown };

const VERSIONS = `select p.version, p.digest, p.created_by, p.created_at, p.reason, p.loosenings, p.mac, b.mac as previous_mac, p.document
  from policies p left join policies b on b.project_id = p.project_id and b.version = p.version - 1 where p.project_id = $1`;
const LOG = VERSIONS.replace(', p.document', '');

const DEFAULT = Policy.parse({});
const DEFAULT_DIGEST = policyDigest(DEFAULT);

/** The attacker writes to the database and has no root key: a version of theirs, or after one of theirs, is not authentic. */
const isAuthentic = (sealer: Sealer, row: VersionRow): boolean =>
  sealer.isAuthentic('policy', String(row.version), row, row.mac);

/** Versions are immutable, so parsed policies are cached; parsing costs more than the query. */
const MAX_PARSED = 1_000;
const parsedPolicies = new Map<string, Policy>();

/** The digest of the row is authentic; the document is so if it has this digest. */
function parsed(project_id: string, { version, digest, document }: PolicyRow): Policy {
  const name = `${project_id}/${version}/${digest}`;
  const known = parsedPolicies.get(name);
  if (known) return known;
  // Of the stored document: a release that adds a member with a default computes the same digest.
  if (policyDigest(document as Policy) !== digest) throw new RowForged('policy', String(version));
  const result = Policy.safeParse(document);
  if (!result.success) throw new DomainError('internal', `policy version ${version} cannot be read by this release`);
  if (parsedPolicies.size >= MAX_PARSED) parsedPolicies.clear();
  parsedPolicies.set(name, result.data);
  return result.data;
}

/** The highest version with its MAC; version 0 without one for a project that never wrote a policy. */
async function newest(tx: Transaction, sealer: Sealer): Promise<{ inForce: PolicyVersion; mac: Buffer | null }> {
  const [row] = await tx.query<PolicyRow>(`${VERSIONS} order by p.version desc limit 1`, [tx.project_id]);
  if (!row)
    return {
      inForce: { version: 0, digest: DEFAULT_DIGEST, policy: DEFAULT, created_by: null, created_at: null },
      mac: null,
    };
  if (!isAuthentic(sealer, row)) throw new RowForged('policy', String(row.version));
  const { version, digest, created_by, created_at, mac } = row;
  const policy = parsed(tx.project_id, row);
  return { inForce: { version, digest, policy, created_by, created_at: created_at.toISOString() }, mac };
}

/**
 * The policy in force. A project that never wrote one holds everything: version 0.
 * @throws RowForged when the stored version is not authentic: nothing is screened by it, nor by the one before.
 * @throws DomainError when this release cannot read the stored document: nothing is screened by a guess.
 */
export const currentPolicy = async (tx: Transaction, sealer: Sealer): Promise<PolicyVersion> =>
  (await newest(tx, sealer)).inForce;

/** SQL condition: this version of the policy is still in force. */
export const policyIsStill = (version: string, project_id = '$2'): string =>
  `${version}::int = coalesce((select version from policies where project_id = ${project_id} order by version desc limit 1), 0)`;

/**
 * Adds the next version. Of two concurrent calls, the second is compared with the version of the first. `compare` is given the
 * previous version, and throws to refuse the new one.
 * @throws RowForged
 */
export async function insertPolicy(
  tx: Transaction,
  sealer: Sealer,
  policy: Policy,
  created_by: string,
  compare: (before: PolicyVersion) => Pick<PolicyChange, 'reason' | 'loosenings'>,
): Promise<PolicyVersion> {
  await tx.query('select 1 from projects where id = $1 for no key update', [tx.project_id]);
  const before = await newest(tx, sealer);
  const { reason, loosenings } = compare(before.inForce);
  const version = before.inForce.version + 1;
  const digest = policyDigest(policy);
  const created_at = await clock(tx);
  const mac = sealer.macOf('policy', String(version), {
    digest,
    created_by,
    created_at,
    reason,
    loosenings,
    previous_mac: before.mac,
  });
  await tx.query(
    `insert into policies (project_id, version, digest, document, created_by, created_at, reason, loosenings, mac)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [tx.project_id, version, digest, JSON.stringify(policy), created_by, created_at, reason, loosenings, mac],
  );
  return currentPolicy(tx, sealer);
}

/** The act that records it. */
export const policyWritten = ({ version, digest }: PolicyVersion, by: Actor): NewAct => ({
  kind: 'policy_written',
  subject: String(version),
  by,
  details: { digest },
});

/** The versions before `before`, newest first. `next` is the `before` of the next page. Those that are not authentic are marked. */
export async function policyLog(
  tx: Transaction,
  sealer: Sealer,
  limit: number,
  before: number | undefined,
): Promise<PolicyLog> {
  const rows = await tx.query<VersionRow>(
    `${LOG} and ($2::integer is null or p.version < $2) order by p.version desc limit $3`,
    [tx.project_id, before ?? null, limit + 1],
  );
  const items = rows.slice(0, limit).map((row) => {
    const { mac: _mac, previous_mac: _previous, ...change } = row;
    return { ...change, created_at: row.created_at.toISOString(), authentic: isAuthentic(sealer, row) };
  });
  return { items, next: rows.length > limit ? items.at(-1)!.version : null };
}

/**
 * Writes the MACs of the versions that have none, as they stand, oldest first, and returns these versions. For `letsping migrate`, as
 * the owner of the table.
 */
export async function adoptPolicies(
  tx: Transaction,
  sealer: Sealer,
): Promise<Pick<VersionRow, 'version' | 'digest' | 'created_by'>[]> {
  const rows = await tx.query<VersionRow>(`${LOG} order by p.version`, [tx.project_id]);
  const adopted = rows.filter(({ mac }) => mac === null);
  let previous_mac: Buffer | null = null;
  for (const row of rows) {
    const mac: Buffer = row.mac ?? sealer.macOf('policy', String(row.version), { ...row, previous_mac });
    if (row.mac === null)
      await tx.query('update policies set mac = $3 where project_id = $1 and version = $2', [
        tx.project_id,
        row.version,
        mac,
      ]);
    previous_mac = mac;
  }
  return adopted;
}
