import type { Pool } from 'pg';
import { createKeyring, type Keyring } from '../../crypto/keyring.ts';
import type { RootKey } from '../../crypto/root-key.ts';
import { isAuthenticKey, listKeys } from '../../storage/access/api-keys.ts';
import { currentPolicy, policyLog } from '../../storage/approvals/policies.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { projectIds } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { type CheckResult, fail, messageOf, ok } from './check.ts';

export const ROWS = 'keys and policies';

const PROJECTS = 1_000;
const VERSIONS = 200;
const MAX_NAMED = 10;

/** The keys and policy versions of a project: how many there are, and the names of those that this product did not write. */
async function examineProject(pool: Pool, keyring: Keyring, project_id: string) {
  const sealer = await keyring.sealer(project_id);
  const forged: string[] = [];
  const keys = await inProject(pool, project_id, listKeys);
  for (const key of keys) if (!isAuthenticKey(sealer, key)) forged.push(`API key ${key.id} (owner ${key.owner})`);
  let versions = 0;
  for (let before: number | undefined; ; ) {
    const { items, next } = await inProject(pool, project_id, (tx) => policyLog(tx, sealer, VERSIONS, before));
    versions += items.length;
    for (const { version, authentic } of items)
      if (!authentic) forged.push(`policy version ${version} of ${project_id}`);
    if (next === null) break;
    before = next;
  }
  if (forged.length === 0) await inProject(pool, project_id, (tx) => currentPolicy(tx, sealer)); // the document, too
  return { keys: keys.length, versions, forged };
}

/** Whether this product wrote every API key and every policy version. */
export async function authenticRows(pool: Pool, root: RootKey): Promise<CheckResult> {
  const fix =
    'find who writes to the database, and restore these rows from a backup; an API key can also be revoked (docs/errors.md#not_authentic)';
  try {
    const keyring = createKeyring(root, storedKeys(pool));
    const all = { keys: 0, versions: 0, forged: [] as string[] };
    for (const id of await projectIds(pool, PROJECTS)) {
      const found = await examineProject(pool, keyring, id);
      all.keys += found.keys;
      all.versions += found.versions;
      all.forged.push(...found.forged);
    }
    const { keys, versions, forged } = all;
    if (forged.length === 0)
      return ok(ROWS, `${keys} API keys and ${versions} policy versions pass their authenticity check`);
    const more = forged.length > MAX_NAMED ? ` and ${forged.length - MAX_NAMED} more` : '';
    return fail(
      ROWS,
      `refused, because they were not written by the server: ${forged.slice(0, MAX_NAMED).join(', ')}${more}`,
      fix,
    );
  } catch (error) {
    return fail(ROWS, messageOf(error), fix);
  }
}
