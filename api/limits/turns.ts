import type { Principal } from '../../domain/access/permissions.ts';

/** Requests of one key that are worked on at the same time; the pool of the database has 20 connections. */
const AT_ONCE = 32;

/** The place of one request among those of its key. */
export interface Turn {
  /** Gives the place to the next request of the key: the work is done, or waits for something that may take long. */
  leave(): void;
  /** Waits for a place again. */
  back(): Promise<void>;
}

/** Requests of a key that find no place wait in line. */
export interface Turns {
  take(who: Pick<Principal, 'key_id' | 'project_id'>): Promise<Turn>;
}

/**
 * The attacker sends a burst of what their limit lets pass: hundreds of queries would wait for a connection, and everybody's behind them, until
 * the pool gives up. So a key has only some requests under way in a process, and the line is its own. Nobody waits without such a burst.
 */
export function createTurns(atOnce: number = AT_ONCE): Turns {
  const keys = new Map<string, { working: number; line: (() => void)[] }>();

  function enter(name: string): Promise<void> | undefined {
    const key = keys.get(name) ?? { working: 0, line: [] };
    keys.set(name, key);
    if (key.working < atOnce) {
      key.working += 1;
      return undefined;
    }
    return new Promise((resolve) => key.line.push(resolve));
  }
  function leave(name: string): void {
    const key = keys.get(name)!;
    const next = key.line.shift();
    if (next) next();
    else if (--key.working === 0) keys.delete(name);
  }

  return {
    async take({ project_id, key_id }) {
      const name = `${project_id} ${key_id}`;
      await enter(name);
      let isIn = true;
      return {
        leave() {
          if (isIn) leave(name);
          isIn = false;
        },
        async back() {
          if (isIn) return;
          await enter(name);
          isIn = true;
        },
      };
    },
  };
}
