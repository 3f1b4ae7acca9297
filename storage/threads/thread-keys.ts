import type { Pool } from 'pg';
import { newKey } from '../../crypto/envelope.ts';
import type { Sealer } from '../../crypto/keyring.ts';
import { inProject } from '../db/transaction.ts';

/** A thread's data key. Every write checks that the wrapped form is still stored: a deleted key seals nothing more. */
export interface ThreadKey {
  key: Uint8Array;
  wrapped: Buffer;
}

export interface ThreadKeys {
  /** The thread's key. If there is none, it is created together with the thread's row. */
  of(thread_id: string): Promise<ThreadKey>;
  /** @throws SealBroken if the key belongs to another thread or project. */
  unwrap(thread_id: string, wrapped: Buffer): Uint8Array;
  forget(thread_id: string): void;
}

/** Threads whose keys a process caches. */
const CACHED = 1_000;

export function createThreadKeys(pool: Pool, sealer: Sealer): ThreadKeys {
  const cache = new Map<string, ThreadKey>();

  const keep = (thread_id: string, found: ThreadKey): ThreadKey => {
    const oldest = cache.size >= CACHED ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(thread_id, found);
    return found;
  };

  const unwrap = (thread_id: string, wrapped: Buffer): Uint8Array => {
    const known = cache.get(thread_id);
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
      // If several processes create the thread at the same time, the first row is kept and all read it. No index is named, because
      // either of the two unique indexes may see the conflict first.
      await tx.query(
        'insert into threads (project_id, thread_id, thread_key, wrapped_key) values ($1, $2, $3, $4) on conflict do nothing',
        [tx.project_id, thread_id, sealer.pseudonym('thread', thread_id), sealer.wrap(['thread', thread_id], newKey())],
      );
      const [created] = await find();
      if (!created) throw new Error('the thread was deleted while it was being created');
      return created.wrapped_key;
    });

  return {
    unwrap,
    forget: (thread_id) => void cache.delete(thread_id),
    async of(thread_id) {
      const known = cache.get(thread_id);
      if (known) return known;
      const wrapped = await fetch(thread_id);
      return { key: unwrap(thread_id, wrapped), wrapped };
    },
  };
}
