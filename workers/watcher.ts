import { setTimeout as after } from 'node:timers/promises';

/** A look at what may be wrong, and its repair. Safe to repeat, to run twice at once, and to end anywhere. */
export type Look = () => Promise<void>;

export interface WatcherDeps {
  /** By name, for the log. */
  looks: Record<string, Look>;
  log: { warn(fields: object, message: string): void };
  everyMs?: number | undefined;
}

const EVERY_MS = 10_000;

/**
 * Repeats each look in this process, 10 s after its last one ended. It is no Temporal Schedule: the attacker who writes to the namespace stops
 * Schedules. Looks do not wait for each other, so one that waits for Temporal does not delay deadlines. @returns ends it
 */
export function startWatcher({ looks, log, everyMs = EVERY_MS }: WatcherDeps): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  // Workers of one deployment drift apart, so that they do not all do the same work.
  const pause = () => after(everyMs * (0.9 + Math.random() * 0.2), undefined, { signal, ref: false }).catch(() => {});
  const repeat = async (name: string, look: Look) => {
    for (await pause(); !signal.aborted; await pause())
      await look().catch((error: unknown) => {
        if (!signal.aborted) log.warn({ err: error, look: name }, 'the watcher could not look');
      });
  };
  for (const [name, look] of Object.entries(looks)) void repeat(name, look);
  return () => ended.abort();
}
