import type { Pool } from 'pg';
import type { Keyring } from '../../crypto/keyring.ts';
import type { IdempotencyStore, IdentityStore, KeyStore } from '../../domain/access/ports.ts';
import { acrossProjects, inProject, onceAcrossProjects } from '../db/transaction.ts';
import { findKey, insertKey, listKeys, revokeKey } from './api-keys.ts';
import { forget, keepAnswer, lockKey, release } from './idempotency.ts';
import type { KeyCache } from './key-cache.ts';
import { deleteSession, findSession, insertSession, takeLoginLink } from './sessions.ts';

/** Looks across projects, by the hash or id that the caller presented. */
export const identityStore = (pool: Pool, keys: KeyCache): IdentityStore => ({
  key: (id) => keys.read(id, () => onceAcrossProjects(pool, (tx) => findKey(tx, id))),
  session: (token_sha256) => onceAcrossProjects(pool, (tx) => findSession(tx, token_sha256)),
  startSession: (token_sha256, session, hours) =>
    acrossProjects(pool, (tx) => insertSession(tx, token_sha256, session, hours)),
  endSession: (token_sha256) => acrossProjects(pool, (tx) => deleteSession(tx, token_sha256)),
  takeLoginLink: (token_sha256) => acrossProjects(pool, (tx) => takeLoginLink(tx, token_sha256)),
});

export const keyStore = (pool: Pool, keys: KeyCache): KeyStore => ({
  createKey: (project_id, id, key, secret_sha256) =>
    inProject(pool, project_id, (tx) => insertKey(tx, id, key, secret_sha256)),
  listKeys: (project_id) => inProject(pool, project_id, listKeys),
  revokeKey: async (project_id, id) => {
    const revoked = await inProject(pool, project_id, (tx) => revokeKey(tx, id));
    keys.forget(id); // before the answer: the notification of the commit may be late
    return revoked;
  },
});

export const idempotencyStore = (pool: Pool, keyring: Keyring): IdempotencyStore => ({
  lock: async (project_id, scope, newReference) => {
    const sealer = await keyring.sealer(project_id);
    return inProject(pool, project_id, (tx) => lockKey(tx, sealer, scope, newReference));
  },
  keep: async (project_id, scope, reference, status, answer) => {
    const sealer = await keyring.sealer(project_id);
    await inProject(pool, project_id, (tx) => keepAnswer(tx, sealer, scope, reference, status, answer));
  },
  forget: (project_id, scope) => inProject(pool, project_id, (tx) => forget(tx, scope)),
  release: (project_id, scope) => inProject(pool, project_id, (tx) => release(tx, scope)),
});
