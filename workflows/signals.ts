import * as wf from '@temporalio/workflow';

/** More than honest senders need: a Signal that decides ends the run. */
const MOST_SIGNALS = 100;

/**
 * The Signals of one run. The attacker, or a bot with a bug, sends up to 10,000, which is the server's own limit. Handlers for all
 * of them would take longer than a workflow task may, so each task would time out, and a worker that replays such runs crashes. After
 * a hundred no Signal has a handler: then the SDK only keeps what arrives, also within the task that brings them all.
 */
export class Signals {
  #arrived = 0;
  readonly #handled: wf.SignalDefinition<[unknown]>[] = [];

  /** Whether Signals are still read. Updates always are. */
  get areRead(): boolean {
    return this.#arrived < MOST_SIGNALS;
  }

  /** Setting a handler delivers the Signals that came before it, so an earlier one may have used up the limit. */
  handle<Args extends unknown[]>(
    signal: wf.SignalDefinition<Args>,
    handler: (raw: unknown) => void | Promise<void>,
  ): void {
    if (!this.areRead) return;
    const untyped = signal as unknown as wf.SignalDefinition<[unknown]>;
    this.#handled.push(untyped);
    wf.setHandler(untyped, (raw) => {
      this.#arrived += 1;
      if (!this.areRead) this.#stop();
      return handler(raw);
    });
  }

  #stop(): void {
    for (const signal of this.#handled) wf.setHandler(signal, undefined);
  }
}
