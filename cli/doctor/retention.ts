import type { Pool } from 'pg';
import { createKeyring } from '../../crypto/keyring.ts';
import type { RootKey } from '../../crypto/root-key.ts';
import { onceInProject } from '../../storage/db/transaction.ts';
import { projectIds } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { readRetention } from '../../storage/retention/retention-days.ts';
import { type CheckResult, fail, messageOf, ok } from './check.ts';

export const RETENTION = 'retention';

const PROJECTS = 1_000;
const MAX_NAMED = 10;

/** How long payloads are kept: shown, and not judged. */
export async function retention(pool: Pool, root: RootKey): Promise<CheckResult> {
  try {
    const keyring = createKeyring(root, storedKeys(pool));
    const limited: string[] = [];
    const ids = await projectIds(pool, PROJECTS);
    for (const id of ids) {
      const sealer = await keyring.sealer(id);
      const { days } = await onceInProject(pool, id, (tx) => readRetention(tx, sealer));
      if (days !== null) limited.push(`${days} days in ${id}`);
    }
    if (limited.length === 0) return ok(RETENTION, 'payloads of closed requests are kept without a limit');
    const more = limited.length > MAX_NAMED ? ` and ${limited.length - MAX_NAMED} more` : '';
    const others = ids.length - limited.length;
    return ok(
      RETENTION,
      `payloads of closed requests are kept ${limited.slice(0, MAX_NAMED).join(', ')}${more}${others > 0 ? `; without a limit in ${others} other projects` : ''}`,
    );
  } catch (error) {
    return fail(RETENTION, messageOf(error), 'find who writes to the database (docs/errors.md#not_authentic)');
  }
}
