import type { Server } from 'node:http';

/** Routing and authenticating a request takes about half a millisecond. */
const AT_ONCE = 20;
/** Turns of the event loop in a row that accepted a connection: from the first number on it is a burst, and from the second on it is a load. */
const BURST = 8;
const LOAD = 2_000;
/** While a burst lasts, a request is begun in every so many turns. A turn that begins none takes about an eighth of a millisecond. */
const EVERY = 64;

/** Starts work on requests in the order in which they came. */
export type Arrivals = (start: () => void) => void;

/**
 * The attacker opens hundreds of connections and sends on all at once. Node accepts one connection in a turn of the event loop, and begins every
 * request that it has read before the next turn: each new connection, `/livez` among them, waits for as many turns as there were
 * connections before it. So only some requests are begun in a turn, and few while a burst of connections comes. A load that does not end is
 * no burst, so that requests do not wait as long as it lasts. Without a burst each is begun at once.
 */
export function createArrivals(server: Pick<Server, 'on'>): Arrivals {
  const waiting: (() => void)[] = [];
  let begun = 0;
  let hasAccepted = false;
  let inRow = 0;
  let isScheduled = false;

  const isBurst = () => inRow > BURST && inRow <= LOAD;
  const turn = () => {
    isScheduled = false;
    begun = 0;
    inRow = hasAccepted ? inRow + 1 : 0;
    hasAccepted = false;
    const next = !isBurst() ? AT_ONCE : inRow % EVERY === 0 ? 1 : 0;
    const starting = waiting.splice(0, next);
    if (waiting.length > 0 || inRow > 0) schedule();
    for (const start of starting) start();
  };
  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(turn);
  };

  server.on('connection', () => {
    hasAccepted = true;
    schedule();
  });
  return (start) => {
    schedule();
    if (begun < AT_ONCE && !isBurst() && waiting.length === 0) {
      begun += 1;
      start();
    } else waiting.push(start);
  };
}
