/** Which wire a moment was seen on. */
export type Edge = 'api-postgres' | 'worker-postgres' | 'api-temporal' | 'worker-temporal';

/**
 * Before: asked, and not yet done. Inside: done in an open transaction, or done by the server, and the answer is held. After: the
 * commit (or the answer) is done and, of a commit, not yet told.
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
  /** What is done at that moment. False: the answer is lost, the connection is cut. */
  fire(): Promise<boolean>;
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

  /** Called by the gates. False when the connection is to be cut. */
  async pass(edge: Edge, point: Point, moment: Moment): Promise<boolean> {
    for (const trap of this.#armed) {
      if (trap.edge !== edge || trap.point !== point || !trap.matches(moment)) continue;
      this.#armed.delete(trap);
      return trap.fire();
    }
    return true;
  }
}
