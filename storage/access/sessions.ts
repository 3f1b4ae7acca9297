import type { Sealer } from '../../crypto/keyring.ts';
import type { ApproverSession } from '../../domain/access/ports.ts';
import { clock, type Transaction } from '../db/transaction.ts';
import { KEY_COLUMNS, type KeyRow } from './api-keys.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** A session or a sign-in link is identified by the hash of its token: only that is stored. */
export const signInId = (token_sha256: Uint8Array): string => Buffer.from(token_sha256).toString('hex');
const tokenHashOf = (id: string): Buffer => Buffer.from(id, 'hex');

export type SessionRow = ApproverSession & { created_at: Date; expires_at: Date; mac: Buffer | null };
export type LinkRow = Omit<ApproverSession, 'key_id'> & { expires_at: Date; mac: Buffer | null };

/** The attacker writes to the database and has no root key: a session of theirs is none. */
export const isAuthenticSession = (sealer: Sealer, id: string, row: SessionRow): boolean =>
  sealer.isAuthentic('session', id, row, row.mac);

/** The same for a sign-in link. */
export const isAuthenticLink = (sealer: Sealer, id: string, row: LinkRow): boolean =>
  sealer.isAuthentic('login_link', id, row, row.mac);

export async function insertLoginLink(
  tx: Transaction,
  sealer: Sealer,
  token_sha256: Uint8Array,
  { owner, role }: Pick<ApproverSession, 'owner' | 'role'>,
  minutes: number,
): Promise<void> {
  const expires_at = new Date((await clock(tx)).getTime() + minutes * MINUTE);
  const mac = sealer.macOf('login_link', signInId(token_sha256), { owner, role, expires_at });
  await tx.query(
    'insert into login_links (token_sha256, project_id, owner, role, expires_at, mac) values ($1, $2, $3, $4, $5, $6)',
    [token_sha256, tx.project_id, owner, role, expires_at, mac],
  );
}

/**
 * For `acrossProjects`. Uses up the link and removes its MAC, so that it does not count again when its `used_at` is removed. The caller
 * checks the row. Undefined when it was used, has expired or does not exist.
 */
export async function takeLoginLink(tx: Transaction, token_sha256: Uint8Array): Promise<LinkRow | undefined> {
  const [row] = await tx.query<LinkRow>(
    `update login_links l set used_at = now(), mac = null
     from (select token_sha256, mac from login_links where token_sha256 = $1 and used_at is null and expires_at > now() for update) unused
     where l.token_sha256 = unused.token_sha256 returning l.project_id, l.owner, l.role, l.expires_at, unused.mac`,
    [token_sha256],
  );
  return row;
}

const SESSION = 'project_id, owner, role, key_id, created_at, expires_at, mac';

/** For `acrossProjects`: a sign-in gets its project from the link or key. Deletes expired sessions. */
export async function insertSession(
  tx: Transaction,
  sealer: Sealer,
  token_sha256: Uint8Array,
  { project_id, owner, role, key_id }: ApproverSession,
  hours: number,
): Promise<void> {
  const [created_at] = await Promise.all([clock(tx), tx.query('delete from sessions where expires_at < now()')]);
  const expires_at = new Date(created_at.getTime() + hours * HOUR);
  const mac = sealer.macOf('session', signInId(token_sha256), { owner, role, key_id, created_at, expires_at });
  await tx.query(`insert into sessions (token_sha256, ${SESSION}) values ($1, $2, $3, $4, $5, $6, $7, $8)`, [
    token_sha256,
    project_id,
    owner,
    role,
    key_id,
    created_at,
    expires_at,
    mac,
  ]);
}

/** For `acrossProjects`: the session, and the key that was used to sign in, in one round trip. The caller checks both. */
export async function findSession(
  tx: Transaction,
  token_sha256: Uint8Array,
): Promise<{ session: SessionRow; key: KeyRow | undefined } | undefined> {
  const [[session], [key]] = await Promise.all([
    tx.query<SessionRow>(`select ${SESSION} from sessions where token_sha256 = $1 and expires_at > now()`, [
      token_sha256,
    ]),
    tx.last<KeyRow>(
      `select ${KEY_COLUMNS} from api_keys where id = (select key_id from sessions where token_sha256 = $1)`,
      [token_sha256],
    ),
  ]);
  return session && { session, key };
}

/** Oldest first, without expired ones. The caller checks each. */
export const listSessions = (tx: Transaction): Promise<(SessionRow & { token_sha256: Buffer })[]> =>
  tx.query(
    `select token_sha256, ${SESSION} from sessions where project_id = $1 and expires_at > now() order by created_at, token_sha256`,
    [tx.project_id],
  );

/** For `acrossProjects`. Of these sessions, those that have a row and have not expired. The caller checks each. */
export const sessionsAmong = (
  tx: Transaction,
  ids: readonly string[],
): Promise<(SessionRow & { token_sha256: Buffer })[]> =>
  tx.query(`select token_sha256, ${SESSION} from sessions where token_sha256 = any($1) and expires_at > now()`, [
    ids.map(tokenHashOf),
  ]);

/** For `acrossProjects`. Returns the session that has ended. */
export async function deleteSession(tx: Transaction, token_sha256: Uint8Array): Promise<SessionRow | undefined> {
  const [row] = await tx.query<SessionRow>(`delete from sessions where token_sha256 = $1 returning ${SESSION}`, [
    token_sha256,
  ]);
  return row;
}

/** Ends every session of the project and removes its sign-in links: those of the release before have no MAC. Returns their number. */
export async function deleteSignIns(tx: Transaction): Promise<number> {
  const sessions = await tx.query('delete from sessions where project_id = $1 returning 1', [tx.project_id]);
  const links = await tx.query('delete from login_links where project_id = $1 returning 1', [tx.project_id]);
  return sessions.length + links.length;
}
