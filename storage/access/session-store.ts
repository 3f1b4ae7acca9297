import { idFrom } from '../../crypto/ids.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { RolledBack, RowForged } from '../../crypto/row-mac.ts';
import type { ListedSession, SessionStore } from '../../domain/access/ports.ts';
import { isSameOwner } from '../../domain/access/same-owner.ts';
import { onceInProject } from '../db/transaction.ts';
import type { AccessDeps } from './identity-store.ts';
import { deleteSession, isAuthenticSession, listSessions, type SessionRow, signInId } from './sessions.ts';

type Listed = SessionRow & { token_sha256: Buffer };

/**
 * The id that a session is listed and ended by. It is derived from the hash of the token under the project's key, so that it says
 * nothing about the row, and nothing new is stored.
 */
const publicId = (sealer: Sealer, session_id: string): string => idFrom('ses', sealer.pseudonym('session', session_id));

/** The sessions of a project. Sessions that do not count are listed, and marked. */
export function sessionStore({ pool, keyring, memory, report, acts }: AccessDeps): SessionStore {
  const listed = (sealer: Sealer, { token_sha256, ...row }: Listed): ListedSession => {
    const session_id = signInId(token_sha256);
    const { owner, role, key_id } = row;
    return {
      session_id,
      session: {
        id: publicId(sealer, session_id),
        owner,
        role,
        key_id,
        created_at: row.created_at.toISOString(),
        expires_at: row.expires_at.toISOString(),
        authentic: !memory.endedSessions.has(session_id) && isAuthenticSession(sealer, session_id, row),
      },
    };
  };
  return {
    async listSessions(project_id) {
      const sealer = await keyring.sealer(project_id);
      const rows = await onceInProject(pool, project_id, listSessions);
      const items = rows.map((row) => listed(sealer, row));
      for (const { session_id, session } of items) {
        if (session.authentic) continue;
        const wasEnded = memory.endedSessions.has(session_id);
        await report(
          project_id,
          wasEnded ? new RolledBack('session', session_id) : new RowForged('session', session_id),
        );
      }
      return items;
    },
    async endSession(project_id, id, by, of) {
      const ended = await acts.transact(project_id, async (tx, sealer, record) => {
        const found = (await listSessions(tx)).find(
          (row) =>
            publicId(sealer, signInId(row.token_sha256)) === id && (of === undefined || isSameOwner(row.owner, of)),
        );
        if (!found || !(await deleteSession(tx, found.token_sha256))) return undefined;
        const { owner, role } = found;
        await record({ kind: 'session_ended', subject: id, by, details: { owner, role } });
        return listed(sealer, found);
      });
      if (ended?.session.authentic) memory.endedSessions.add(ended.session_id);
      return ended;
    },
  };
}
