/** Routing and authenticating a request takes about half a millisecond. */
const AT_ONCE = 20;

/** Starts work on requests in the order in which they came. */
export type Arrivals = (start: () => void) => void;

/**
 * The attacker opens hundreds of connections and sends on all at once: Node would begin every one of these requests before it looks at another
 * socket, and `/livez` is silent meanwhile. So only some are begun between two looks. Without a burst each is begun at once.
 */
export function createArrivals(): Arrivals {
  const waiting: (() => void)[] = [];
  let begun = 0;
  let isScheduled = false;

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      const next = waiting.splice(0, AT_ONCE);
      begun = 0;
      if (waiting.length > 0) schedule();
      for (const start of next) start();
    });
  };

  return (start) => {
    schedule();
    if (begun < AT_ONCE && waiting.length === 0) {
      begun += 1;
      start();
    } else waiting.push(start);
  };
}
