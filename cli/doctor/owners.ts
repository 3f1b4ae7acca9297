import type { Pool } from 'pg';
import { createKeyring } from '../../crypto/keyring.ts';
import type { RootKey } from '../../crypto/root-key.ts';
import { type KeyOwner, type LookAlikes, lookAlikes } from '../../domain/access/look-alikes.ts';
import { isAuthenticKey, listKeys } from '../../storage/access/api-keys.ts';
import { isAuthenticSession, listSessions, signInId } from '../../storage/access/sessions.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { projectIds } from '../../storage/keys/projects.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { type CheckResult, fail, messageOf, ok, warn } from './check.ts';

export const OWNERS = 'owners';

const PROJECTS = 1_000;
const MAX_NAMED = 10;

/** Owners of keys and sessions that count now. */
async function ownersOf(pool: Pool, root: RootKey, project_id: string): Promise<KeyOwner[]> {
  const sealer = await createKeyring(root, storedKeys(pool)).sealer(project_id);
  const [keys, sessions] = await inProject(pool, project_id, (tx) => Promise.all([listKeys(tx), listSessions(tx)]));
  return [
    ...keys.filter((key) => key.revoked_at === null && !key.expired && isAuthenticKey(sealer, key)),
    ...sessions.filter((session) => isAuthenticSession(sealer, signInId(session.token_sha256), session)),
  ];
}

const inWords = ({ owners, agentBesidePerson }: LookAlikes): string =>
  `${owners.map(({ owner, roles }) => `${owner} (${roles.join(', ')})`).join(' and ')}${agentBesidePerson ? ': an agent beside a person' : ''}`;

/** Whether two owners of a project are one person in two spellings. */
export async function ownersApart(pool: Pool, root: RootKey): Promise<CheckResult> {
  const fix =
    'if they are one, make new keys under one spelling and revoke the others; if not, give one of them another name';
  try {
    const found: string[] = [];
    let count = 0;
    for (const id of await projectIds(pool, PROJECTS)) {
      const owners = await ownersOf(pool, root, id);
      count += new Set(owners.map(({ owner }) => owner)).size;
      found.push(...lookAlikes(owners).map((alike) => `${inWords(alike)} in project ${id}`));
    }
    if (found.length === 0) return ok(OWNERS, `no two of ${count} are one name in two spellings`);
    const more = found.length > MAX_NAMED ? ` and ${found.length - MAX_NAMED} more` : '';
    return warn(OWNERS, `one name in several spellings: ${found.slice(0, MAX_NAMED).join('; ')}${more}`, fix);
  } catch (error) {
    return fail(OWNERS, messageOf(error), 'use the root key that sealed this database');
  }
}
