import type { Pool } from 'pg';
import type { Keyring } from '../../crypto/keyring.ts';
import { acrossProjects, inProject, onceAcrossProjects } from '../db/transaction.ts';
import { findKey } from './api-keys.ts';
import { claim, forget, type IdempotencyScope, keepAnswer, release } from './idempotency.ts';
import { createKeyCache, type KeyCache } from './key-cache.ts';
import { deleteSession, findSession, insertSession, type Session, takeLoginLink } from './sessions.ts';

/** Who is speaking: these look across projects, by the hash or id that the caller brought. */
export const identityStore = (pool: Pool, keys: KeyCache = createKeyCache()) => ({
  key: (id: string) => keys.read(id, () => onceAcrossProjects(pool, (tx) => findKey(tx, id))),
  session: (token_sha256: Buffer) => onceAcrossProjects(pool, (tx) => findSession(tx, token_sha256)),
  startSession: (token_sha256: Buffer, session: Session, hours: number) =>
    acrossProjects(pool, (tx) => insertSession(tx, token_sha256, session, hours)),
  endSession: (token_sha256: Buffer) => acrossProjects(pool, (tx) => deleteSession(tx, token_sha256)),
  takeLoginLink: (token_sha256: Buffer) => acrossProjects(pool, (tx) => takeLoginLink(tx, token_sha256)),
});

export const idempotencyStore = (pool: Pool, keyring: Keyring) => ({
  claim: async (project_id: string, scope: IdempotencyScope, newReference: string) => {
    const sealer = await keyring.sealer(project_id);
    return inProject(pool, project_id, (tx) => claim(tx, sealer, scope, newReference));
  },
  keep: async (project_id: string, scope: IdempotencyScope, reference: string, status: number, answer: unknown) => {
    const sealer = await keyring.sealer(project_id);
    await inProject(pool, project_id, (tx) => keepAnswer(tx, sealer, scope, reference, status, answer));
  },
  forget: (project_id: string, scope: IdempotencyScope) => inProject(pool, project_id, (tx) => forget(tx, scope)),
  release: (project_id: string, scope: IdempotencyScope) => inProject(pool, project_id, (tx) => release(tx, scope)),
});
