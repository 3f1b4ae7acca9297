import type { ContextTrust } from '../../contracts/action.ts';
import type { ApiKey, CreateKeyBody, Role } from '../../contracts/key.ts';
import type { SignInSession } from '../../contracts/session.ts';
import type { Actor } from '../acts/act.ts';
import type { Authority } from './permissions.ts';

export interface StoredKey extends Authority {
  id: string;
  project_id: string;
  owner: string;
  /** Null: never. */
  expires_at: Date | null;
  /** The owner who made it, where that is another person. */
  made_by: string | null;
  services: string[] | null;
  context_trust: ContextTrust;
  secret_sha256: Uint8Array;
}

/** A key after its expiry grants nothing: the answer to who has its secret says why. */
export interface ExpiredKey {
  secret_sha256: Uint8Array;
  expired_at: Date;
}

/** A person who is signed in. `key_id` is the key that was used to sign in; null for a one-time link. */
export interface ApproverSession {
  project_id: string;
  owner: string;
  role: Exclude<Role, 'agent'>;
  key_id: string | null;
}

/** A session that is in force. The limits of the key that was used to sign in hold in it too. */
export interface OpenSession extends ApproverSession, Pick<StoredKey, 'permissions' | 'made_by'> {
  /** The earlier one of the session's and the key's. */
  expires_at: Date;
}

/** What the access of a call relies on: its key, its session, or a session and the key that was used to sign in. */
export interface Grant {
  key_id: string | null;
  /** The hash of its token, as text. */
  session_id: string | null;
  /** The earlier one of both; null: never. */
  expires_at: Date | null;
}

/** Authentication: the only reads that do not know a project yet. */
export interface IdentityStore {
  key(id: string): Promise<StoredKey | ExpiredKey | undefined>;
  /** A notification says that this key was revoked: reads it now, so that this process remembers the revocation. */
  lookAgain(id: string): Promise<void>;
  session(token_sha256: Uint8Array): Promise<OpenSession | undefined>;
  /**
   * Reads the rows of all of these, past the cache, and says which grants have ended. A sweep has a connection of its own, so that it does
   * not wait for calls.
   */
  endedAmong(grants: readonly Grant[], by: 'call' | 'sweep'): Promise<(grant: Grant) => boolean>;
  startSession(token_sha256: Uint8Array, session: ApproverSession, hours: number): Promise<void>;
  endSession(token_sha256: Uint8Array): Promise<void>;
  takeLoginLink(token_sha256: Uint8Array): Promise<ApproverSession | undefined>;
}

/** `made_by` absent: its owner, or the terminal. */
export type NewKey = CreateKeyBody & Partial<Pick<StoredKey, 'made_by'>>;

/** The API keys of a project. */
export interface KeyStore {
  /** Undefined, and nothing written, when the id exists. */
  createKey(
    project_id: string,
    id: string,
    key: NewKey,
    secret_sha256: Uint8Array,
    by: Actor,
  ): Promise<ApiKey | undefined>;
  listKeys(project_id: string): Promise<ApiKey[]>;
  revokeKey(project_id: string, id: string, by: Actor): Promise<ApiKey | undefined>;
}

/** A session as it is listed, with the id that a `Grant` has. */
export interface ListedSession {
  session: SignInSession;
  session_id: string;
}

/** The sessions of a project. */
export interface SessionStore {
  listSessions(project_id: string): Promise<ListedSession[]>;
  /** `of`: only a session of this owner. Undefined when there is none. */
  endSession(project_id: string, id: string, by: Actor, of?: string): Promise<ListedSession | undefined>;
}

/** One use of an `Idempotency-Key`: scoped to the caller's key and the route. */
export interface IdempotencyScope {
  key_id: string;
  route: string;
  key: string;
  /** Must be equal when the key is used again. */
  body_sha256: Uint8Array;
}

/** `first`: this call holds the lock, and writes its row under `reference`. `done`: the stored answer of an earlier call. */
export type IdempotencyLock =
  | { state: 'first'; reference: string }
  | { state: 'running' }
  | { state: 'other_body' }
  | { state: 'done'; status: number; answer: unknown };

export interface IdempotencyStore {
  /** Takes the lock of the key, or says why not. `newReference` is used when there was no earlier attempt. */
  lock(project_id: string, scope: IdempotencyScope, newReference: string): Promise<IdempotencyLock>;
  /** Stores the answer for 24 hours. */
  keep(project_id: string, scope: IdempotencyScope, reference: string, status: number, answer: unknown): Promise<void>;
  /** After an error: whether the attempt wrote anything is unknown, so a repeat uses the same reference. */
  release(project_id: string, scope: IdempotencyScope): Promise<void>;
  /** After a refusal: nothing was written, so the key is free again. */
  forget(project_id: string, scope: IdempotencyScope): Promise<void>;
}
