import { newToken } from '../../crypto/api-key.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import type { ApproverSession } from '../../domain/access/ports.ts';
import { TERMINAL } from '../../domain/acts/act.ts';
import type { Anchor } from '../../domain/acts/ports.ts';
import { createActLog } from '../acts/act-log.ts';
import { createPool } from '../db/pool.ts';
import { storedKeys } from '../keys/stored-keys.ts';
import { insertLoginLink } from './sessions.ts';

const LINK_MINUTES = 15;

/** Creates a link that signs in once, within 15 minutes. Returns its token. */
export async function createLoginLink(options: {
  databaseUrl: string;
  rootKey: string;
  project_id: string;
  owner: string;
  role?: ApproverSession['role'];
  anchor?: Anchor | undefined;
}): Promise<string> {
  const pool = createPool(options.databaseUrl, { max: 1 });
  const { token, token_sha256 } = newToken();
  try {
    const keyring = createKeyring(parseRootKey(options.rootKey), storedKeys(pool));
    const who = { owner: options.owner, role: options.role ?? ('approver' as const) };
    const acts = createActLog({ pool, keyring, anchor: options.anchor });
    await acts.transact(options.project_id, async (tx, sealer, record) => {
      await insertLoginLink(tx, sealer, token_sha256, who, LINK_MINUTES);
      await record({ kind: 'login_link_created', subject: who.owner, by: TERMINAL, details: { role: who.role } });
    });
    return token;
  } finally {
    await pool.end();
  }
}
