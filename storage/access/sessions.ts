import type { ApproverSession } from '../../domain/access/ports.ts';
import type { Transaction } from '../db/transaction.ts';

export async function insertLoginLink(
  tx: Transaction,
  token_sha256: Uint8Array,
  who: Pick<ApproverSession, 'owner' | 'role'>,
  minutes: number,
): Promise<void> {
  await tx.query(
    `insert into login_links (token_sha256, project_id, owner, role, expires_at) values ($1, $2, $3, $4, now() + $5 * interval '1 minute')`,
    [token_sha256, tx.project_id, who.owner, who.role, minutes],
  );
}

/** For `acrossProjects`. Uses up the link; undefined when it was used, has expired or does not exist. */
export async function takeLoginLink(tx: Transaction, token_sha256: Uint8Array): Promise<ApproverSession | undefined> {
  const [row] = await tx.query<Omit<ApproverSession, 'key_id'>>(
    'update login_links set used_at = now() where token_sha256 = $1 and used_at is null and expires_at > now() returning project_id, owner, role',
    [token_sha256],
  );
  return row && { ...row, key_id: null };
}

/** For `acrossProjects`: a sign-in gets its project from the link or key. Deletes expired sessions. */
export async function insertSession(
  tx: Transaction,
  token_sha256: Uint8Array,
  session: ApproverSession,
  hours: number,
): Promise<void> {
  await tx.query('delete from sessions where expires_at < now()');
  await tx.query(
    `insert into sessions (token_sha256, project_id, owner, role, key_id, expires_at) values ($1, $2, $3, $4, $5, now() + $6 * interval '1 hour')`,
    [token_sha256, session.project_id, session.owner, session.role, session.key_id, hours],
  );
}

/** For `acrossProjects`. A session ends with its key. */
export async function findSession(tx: Transaction, token_sha256: Uint8Array): Promise<ApproverSession | undefined> {
  const rows = await tx.query<ApproverSession>(
    `select s.project_id, s.owner, s.role, s.key_id from sessions s left join api_keys k on k.id = s.key_id
     where s.token_sha256 = $1 and s.expires_at > now() and k.revoked_at is null`,
    [token_sha256],
  );
  return rows[0];
}

export async function deleteSession(tx: Transaction, token_sha256: Uint8Array): Promise<void> {
  await tx.query('delete from sessions where token_sha256 = $1', [token_sha256]);
}
