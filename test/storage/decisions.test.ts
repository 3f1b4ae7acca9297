import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import type { NewDecision } from '../../domain/approval/record.ts';
import { createFirstProject } from '../../storage/access/bootstrap.ts';
import { insertDecision, readDecision } from '../../storage/approvals/decisions.ts';
import { inProject } from '../../storage/db/transaction.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createDatabase } from '../helpers/database.ts';

test('a patch that is sent again under its id keeps the payload and digest of the first one', async () => {
  const db = await createDatabase();
  try {
    const rootKey = randomBytes(32).toString('base64');
    const { project_id } = await createFirstProject({
      databaseUrl: db.app_url,
      rootKey,
      name: 'p',
      environment: 'test',
    });
    const sealer = await createKeyring(parseRootKey(rootKey), storedKeys(db.pool)).sealer(project_id);
    await inProject(db.pool, project_id, (tx) =>
      tx.query(
        `insert into approval_requests (id, project_id, service, action, priority, status, verdict, held_by, finding_ids, requested_by, key_id,
           payload_digest, sealed, policy_version, policy_digest, accept_unsigned_signals, created_at, expires_at)
         values ('req', $1, 's', 'a', 'low', 'pending', 'hold', 'policy', '{}', 'agent', 'key', 'asked', '', 0, 'd', false, now(), now() + interval '1 hour')`,
        [project_id],
      ),
    );
    const patch = (patched_digest: string, salt: string): NewDecision => ({
      id: 'dec',
      request_id: 'req',
      type: 'patch',
      actor: 'ana',
      channel: 'api',
      key_made_by: null,
      payload_digest: 'asked',
      patched_digest,
      patched_payload: { n: 2 },
      salt,
    });
    const write = (decision: NewDecision) =>
      inProject(db.pool, project_id, (tx) => insertDecision(tx, sealer, decision));
    expect(await write(patch('first', 'salt of the first'))).toMatchObject({
      state: 'recorded',
      patched_digest: 'first',
    });
    expect(await write(patch('second', 'salt of the second'))).toMatchObject({ patched_digest: 'first' });
    await db.asOwner(`update approval_requests set expires_at = now()`);
    expect(await write({ ...patch('third', 'salt'), id: 'dec_late' })).toEqual({ state: 'late' });
    expect(await inProject(db.pool, project_id, (tx) => readDecision(tx, sealer, 'req', 'dec'))).toMatchObject({
      patched_digest: 'first',
      salt: 'salt of the first',
      screening: null,
    });
  } finally {
    await db.drop();
  }
});
