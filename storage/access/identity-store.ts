import type { Pool } from 'pg';
import { type Keyring, type Sealer, UnknownProject } from '../../crypto/keyring.ts';
import { RolledBack, RowForged } from '../../crypto/row-mac.ts';
import type { Grant, IdentityStore } from '../../domain/access/ports.ts';
import type { ReportForged } from '../../domain/approval/forged-row.ts';
import type { ActLog } from '../acts/act-log.ts';
import { acrossProjects, onceAcrossProjects } from '../db/transaction.ts';
import { findKey, isAuthenticKey, type KeyRow, keysAmong } from './api-keys.ts';
import type { KeyCache } from './key-cache.ts';
import { type RollbackMemory, readCurrent } from './rollback-memory.ts';
import {
  deleteSession,
  findSession,
  insertSession,
  isAuthenticLink,
  isAuthenticSession,
  type SessionRow,
  sessionsAmong,
  signInId,
  takeLoginLink,
} from './sessions.ts';

const MAX_LOOKING = 20;

export interface AccessDeps {
  pool: Pool;
  /** Connections that ordinary calls do not use. Default: `pool`. */
  sweepPool?: Pool | undefined;
  keyring: Keyring;
  keys: KeyCache;
  memory: RollbackMemory;
  report: ReportForged;
  acts: ActLog;
}

/**
 * Looks across projects, by the hash or id that the caller presented. The row names its project, whose key then proves the row: a row
 * that fails is refused as if it did not exist, with an alarm and an incident in the project that it names.
 */
export function identityStore({
  pool,
  sweepPool = pool,
  keyring,
  keys,
  memory,
  report,
}: Omit<AccessDeps, 'acts'>): IdentityStore {
  /** Anyone who may connect to the database can send notifications: they cost a bounded number of queries at a time. */
  const looking = new Set<string>();
  const isBack = (key: KeyRow | undefined) =>
    key !== undefined && key.revoked_at === null && memory.revokedKeys.has(key.id);

  /** A row that names a project without a key is not authentic. */
  const isAuthentic = async (project_id: string, check: (sealer: Sealer) => boolean): Promise<boolean> => {
    try {
      return check(await keyring.sealer(project_id));
    } catch (error) {
      if (error instanceof UnknownProject) return false;
      throw error;
    }
  };

  /** The key, if it is authentic and not revoked. It may have expired. */
  async function valid(row: KeyRow): Promise<KeyRow | undefined> {
    if (isBack(row)) await report(row.project_id, new RolledBack('api_key', row.id));
    else if (!(await isAuthentic(row.project_id, (sealer) => isAuthenticKey(sealer, row))))
      await report(row.project_id, new RowForged('api_key', row.id));
    else if (row.revoked_at === null) return row;
    else memory.revokedKeys.add(row.id);
    return undefined;
  }

  async function readKey(id: string): Promise<KeyRow | undefined> {
    const row = await readCurrent(() => onceAcrossProjects(pool, (tx) => findKey(tx, id)), isBack);
    return row && valid(row);
  }

  /** Whether the session counts, apart from its key. */
  async function isValidSession(id: string, session: SessionRow): Promise<boolean> {
    const refused = memory.endedSessions.has(id)
      ? new RolledBack('session', id)
      : (await isAuthentic(session.project_id, (sealer) => isAuthenticSession(sealer, id, session)))
        ? undefined
        : new RowForged('session', id);
    if (refused) await report(session.project_id, refused);
    return refused === undefined;
  }

  /** Those of these ids whose rows count. */
  async function validAmong(from: Pool, key_ids: string[], session_ids: string[]) {
    const [keyRows, sessionRows] = await readCurrent(
      () => acrossProjects(from, (tx) => Promise.all([keysAmong(tx, key_ids), sessionsAmong(tx, session_ids)])),
      ([keyRows, sessionRows]) =>
        keyRows.some(isBack) || sessionRows.some((row) => memory.endedSessions.has(signInId(row.token_sha256))),
    );
    const validKeys = new Set<string>();
    const validSessions = new Set<string>();
    for (const row of keyRows) if ((await valid(row)) && !row.expired) validKeys.add(row.id);
    for (const { token_sha256, ...row } of sessionRows) {
      const id = signInId(token_sha256);
      if (await isValidSession(id, row)) validSessions.add(id);
    }
    return { validKeys, validSessions };
  }

  return {
    async key(id) {
      const row = await keys.read(id, () => readKey(id));
      return row?.expired ? { secret_sha256: row.secret_sha256, expired_at: row.expires_at! } : row;
    },
    async endedAmong(grants, by) {
      const idsOf = (of: (grant: Grant) => string | null) =>
        [...new Set(grants.map(of))].filter((id): id is string => id !== null);
      const key_ids = idsOf(({ key_id }) => key_id);
      const { validKeys, validSessions } = await validAmong(
        by === 'sweep' ? sweepPool : pool,
        key_ids,
        idsOf(({ session_id }) => session_id),
      );
      for (const id of key_ids) if (!validKeys.has(id)) keys.forget(id);
      return ({ key_id, session_id }) =>
        (key_id !== null && !validKeys.has(key_id)) || (session_id !== null && !validSessions.has(session_id));
    },
    async lookAgain(id) {
      keys.forget(id);
      if (looking.has(id) || looking.size >= MAX_LOOKING) return;
      looking.add(id);
      await readKey(id).finally(() => looking.delete(id));
    },
    async session(token_sha256) {
      const id = signInId(token_sha256);
      const found = await readCurrent(
        () => acrossProjects(pool, (tx) => findSession(tx, token_sha256)),
        (row) => row !== undefined && (memory.endedSessions.has(id) || isBack(row.key)),
      );
      if (!found) return undefined;
      const { session, key } = found;
      const { project_id, owner, role, key_id, expires_at } = session;
      if (!(await isValidSession(id, session))) return undefined;
      if (key_id === null) return { project_id, owner, role, key_id, expires_at, permissions: null, made_by: null };
      // A session ends with its key.
      const current = key && (await valid(key));
      if (!current || current.expired) return undefined;
      const { permissions, made_by } = current;
      const ends = current.expires_at !== null && current.expires_at < expires_at ? current.expires_at : expires_at;
      return { project_id, owner, role, key_id, expires_at: ends, permissions, made_by };
    },
    async startSession(token_sha256, session, hours) {
      const sealer = await keyring.sealer(session.project_id);
      await acrossProjects(pool, (tx) => insertSession(tx, sealer, token_sha256, session, hours));
    },
    async endSession(token_sha256) {
      const ended = await onceAcrossProjects(pool, (tx) => deleteSession(tx, token_sha256));
      if (!ended) return;
      const id = signInId(token_sha256);
      if (await isAuthentic(ended.project_id, (sealer) => isAuthenticSession(sealer, id, ended)))
        memory.endedSessions.add(id);
    },
    async takeLoginLink(token_sha256) {
      const row = await onceAcrossProjects(pool, (tx) => takeLoginLink(tx, token_sha256));
      if (!row) return undefined;
      const id = signInId(token_sha256);
      const { project_id, owner, role } = row;
      const isGenuine = await isAuthentic(project_id, (sealer) => isAuthenticLink(sealer, id, row));
      if (isGenuine && !memory.usedLinks.has(id)) {
        memory.usedLinks.add(id);
        return { project_id, owner, role, key_id: null };
      }
      await report(project_id, isGenuine ? new RolledBack('login_link', id) : new RowForged('login_link', id));
      return undefined;
    },
  };
}
