import { setImmediate } from 'node:timers/promises';

/**
 * The puts of this process that are on their way. A run that rejects leaves some behind, and LangGraph sends the next when the one
 * before is done: whoever reads the thread before they are there would begin at an older checkpoint, and ask its questions anew.
 */
export class OwnPuts {
  readonly #running = new Map<string, Set<Promise<unknown>>>();

  /** `put`, as it is; remembered until it ends. */
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

  /** Resolves when none is on its way to this place, whatever became of them. At once when there is none. */
  async settled(place: string): Promise<void> {
    for (let running = this.#running.get(place); running; running = this.#running.get(place)) {
      await Promise.allSettled(running);
      await setImmediate(); // the next one of a chain is sent by now
    }
  }
}
