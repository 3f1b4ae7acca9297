import pg from 'pg';
import { expect, test } from 'vitest';
import { createDatabase } from '../helpers/database.ts';

test('a screening is stored for patches only, with its time, as one of three results', async () => {
  const db = await createDatabase();
  const client = new pg.Client({ connectionString: db.owner_url });
  await client.connect();
  try {
    await client.query(`set app.project_id = '*';
      insert into projects (id, name, root_key_id, wrapped_key) values ('p', 'p', 'k', '');
      insert into approval_requests (id, project_id, service, action, priority, status, verdict, held_by, finding_ids, requested_by, key_id,
        payload_digest, sealed, policy_version, policy_digest, accept_unsigned_signals, created_at, expires_at)
      values ('r', 'p', 's', 'a', 'low', 'pending', 'hold', 'policy', '{}', 'agent', 'key', 'd', '', 0, 'd', false, now(), now());
      insert into decisions (id, project_id, request_id, type, actor, channel, payload_digest, patched_digest, created_at) values
        ('patch', 'p', 'r', 'patch', 'ana', 'api', 'd', 'e', now()), ('approve', 'p', 'r', 'approve', 'bo', 'api', 'd', null, now())`);
    const write = (id: string, screening: string, at: string) =>
      client.query(`update decisions set screening = ${screening}, screened_at = ${at} where id = '${id}'`);
    await expect(write('approve', "'accepted'", 'now()')).rejects.toThrow(/only_patches_are_screened/);
    await expect(write('patch', "'accepted'", 'null')).rejects.toThrow(/screened_iff_screening/);
    await expect(write('patch', 'null', 'now()')).rejects.toThrow(/screened_iff_screening/);
    await expect(write('patch', "'perhaps'", 'now()')).rejects.toThrow(/check/);
    for (const screening of ['accepted', 'refused', 'second_approver'])
      expect((await write('patch', `'${screening}'`, 'now()')).rowCount).toBe(1);
  } finally {
    await client.end();
    await db.drop();
  }
});
