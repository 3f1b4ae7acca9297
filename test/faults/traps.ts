/** The connection on which a moment is observed. */
export type Edge = 'api-postgres' | 'worker-postgres' | 'api-temporal' | 'worker-temporal';

/** The connection of one process: 0 is the first of its kind. */
export interface Wire {
  edge: Edge;
  instance: number;
}

/**
 * Before: requested, not yet done. Inside: done in an open transaction, or done by the server with the answer held back. After: the
 * commit (or the answer) is done; the answer to a commit is not yet forwarded.
 */
export const POINTS = ['before', 'inside', 'after'] as const;
export type Point = (typeof POINTS)[number];

/** A statement's text, or the name of an RPC and its request. */
export interface Moment {
  text: string;
  body?: Buffer;
}

export interface Trap {
  edge: Edge;
  point: Point;
  matches(moment: Moment): boolean;
  /** Runs at that moment of this process of its kind. False: the answer is lost and the connection is cut. */
  fire(instance: number): Promise<boolean>;
}

/** Moments to wait for; each trap fires once. */
export class Traps {
  readonly #armed = new Set<Trap>();

  arm(trap: Trap): void {
    this.#armed.add(trap);
  }

  disarm(): void {
    this.#armed.clear();
  }

  get armed(): number {
    return this.#armed.size;
  }

  /** Called by the gates. False if the connection must be cut. */
  async pass({ edge, instance }: Wire, point: Point, moment: Moment): Promise<boolean> {
    for (const trap of this.#armed) {
      if (trap.edge !== edge || trap.point !== point || !trap.matches(moment)) continue;
      this.#armed.delete(trap);
      return trap.fire(instance);
    }
    return true;
  }
}
