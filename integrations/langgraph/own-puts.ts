import { setImmediate } from 'node:timers/promises';

/**
 * The pending puts of this process. A run that rejects leaves some behind, and LangGraph starts each put when the previous one is
 * done. A reader that does not wait for them would start at an older checkpoint and raise its interrupts again.
 */
export class OwnPuts {
  readonly #running = new Map<string, Set<Promise<unknown>>>();

  /** Returns `put`, and tracks it until it ends. */
  async track<T>(place: string, put: Promise<T>): Promise<T> {
    const running = this.#running.get(place) ?? new Set();
    this.#running.set(place, running.add(put));
    try {
      return await put;
    } finally {
      running.delete(put);
      if (running.size === 0 && this.#running.get(place) === running) this.#running.delete(place);
    }
  }

  /** Resolves when no put to this place is pending, whether they succeeded or failed. */
  async settled(place: string): Promise<void> {
    for (let running = this.#running.get(place); running; running = this.#running.get(place)) {
      await Promise.allSettled(running);
      await setImmediate(); // lets the next put of a chain start
    }
  }
}
