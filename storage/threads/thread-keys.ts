import type { Pool } from 'pg';
import { newKey } from '../../crypto/envelope.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { inProject } from '../db/transaction.ts';

/** A thread's data key. The wrapped form goes along with every write: a key that was forgotten meanwhile seals nothing more. */
export interface ThreadKey {
  key: Uint8Array;
  wrapped: Buffer;
}

export interface ThreadKeys {
  /** The thread's key; made, with the thread's row, when there is none. */
  of(thread_id: string): Promise<ThreadKey>;
  /** @throws SealBroken for a key of another thread or project. */
  unwrap(thread_id: string, wrapped: Buffer): Uint8Array;
  forget(thread_id: string): void;
}

/** How many threads' keys a process keeps. */
const KEPT = 1_000;

export function createThreadKeys(pool: Pool, sealer: Sealer): ThreadKeys {
  const kept = new Map<string, ThreadKey>();

  const keep = (thread_id: string, found: ThreadKey): ThreadKey => {
    const oldest = kept.size >= KEPT ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    kept.set(thread_id, found);
    return found;
  };

  const unwrap = (thread_id: string, wrapped: Buffer): Uint8Array => {
    const known = kept.get(thread_id);
    if (known?.wrapped.equals(wrapped)) return known.key;
    return keep(thread_id, { key: sealer.unwrap(['thread', thread_id], wrapped), wrapped }).key;
  };

  const fetch = (thread_id: string): Promise<Buffer> =>
    inProject(pool, sealer.project_id, async (tx) => {
      const find = () =>
        tx.query<{ wrapped_key: Buffer }>('select wrapped_key from threads where project_id = $1 and thread_id = $2', [
          tx.project_id,
          thread_id,
        ]);
      const [known] = await find();
      if (known) return known.wrapped_key;
      // Processes that meet the thread at once: the first row stands, and all read that one. No index is named, for either of the two
      // unique ones may be the first to see the conflict.
      await tx.query(
        'insert into threads (project_id, thread_id, thread_key, wrapped_key) values ($1, $2, $3, $4) on conflict do nothing',
        [tx.project_id, thread_id, sealer.pseudonym('thread', thread_id), sealer.wrap(['thread', thread_id], newKey())],
      );
      const [made] = await find();
      if (!made) throw new Error('a thread was deleted while it was being made');
      return made.wrapped_key;
    });

  return {
    unwrap,
    forget: (thread_id) => void kept.delete(thread_id),
    async of(thread_id) {
      const known = kept.get(thread_id);
      if (known) return known;
      const wrapped = await fetch(thread_id);
      return { key: unwrap(thread_id, wrapped), wrapped };
    },
  };
}
