import type { LeaseRequest, ThreadStore } from '../../domain/thread/ports.ts';

/** The exclusive right to continue a thread. It is renewed until it is released. */
export interface Lease {
  fence: string;
  /** Aborted when another process has taken the lease: the writes of this one are refused from then on. */
  lost: AbortSignal;
  release(): Promise<void>;
}

/** The renewal interval. It is a fraction of the lease, so that a short outage of the database loses nothing. */
const RENEW_MS = 1_000;
export const LEASE_MS = 15_000;

/** Undefined while another process holds the lease. `onRenew` is called with every renewal, as a sign of life. */
export async function acquireLease(
  store: ThreadStore,
  thread_id: string,
  holder: Omit<LeaseRequest, 'lease_ms'>,
  onRenew: () => void,
): Promise<Lease | undefined> {
  const fence = await store.acquireLease(thread_id, { ...holder, lease_ms: LEASE_MS });
  if (fence === undefined) return undefined;
  const lost = new AbortController();
  const renewal = setInterval(() => {
    onRenew();
    store.renewLease(thread_id, fence, LEASE_MS).then(
      (held) => held || lost.abort(new Error('the lease on the thread was lost')),
      () => {}, // a failed renewal is retried at the next interval; the fence guards the writes
    );
  }, RENEW_MS);
  return {
    fence,
    lost: lost.signal,
    async release() {
      clearInterval(renewal);
      await store.releaseLease(thread_id, fence).catch(() => {}); // otherwise it expires
    },
  };
}
