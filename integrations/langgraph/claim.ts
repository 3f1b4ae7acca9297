import type { Claimant, ThreadStore } from './store.ts';

/** The right to continue a thread, renewed until it is released. */
export interface Claim {
  fence: string;
  /** Aborted when the claim is another's: what runs under it will not be kept. */
  lost: AbortSignal;
  release(): Promise<void>;
}

/** How often the lease is renewed; it lasts several times as long, so that a database that is away for a moment loses nothing. */
const RENEW_MS = 1_000;
export const LEASE_MS = 15_000;

/** Undefined while another holds it. `onBeat` is called with every renewal, as a sign of life. */
export async function claimThread(
  store: ThreadStore,
  thread_id: string,
  who: Omit<Claimant, 'lease_ms'>,
  onBeat: () => void,
): Promise<Claim | undefined> {
  const fence = await store.claimThread(thread_id, { ...who, lease_ms: LEASE_MS });
  if (fence === undefined) return undefined;
  const lost = new AbortController();
  const beat = setInterval(() => {
    onBeat();
    store.renewClaim(thread_id, fence, LEASE_MS).then(
      (ours) => ours || lost.abort(new Error('the claim on the thread was lost')),
      () => {}, // the fence decides: a renewal that failed is tried again
    );
  }, RENEW_MS);
  return {
    fence,
    lost: lost.signal,
    async release() {
      clearInterval(beat);
      await store.releaseClaim(thread_id, fence).catch(() => {}); // else the lease runs out
    },
  };
}
