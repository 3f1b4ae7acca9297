import { type Tap, type TcpProxy, tcpProxy } from './tcp-proxy.ts';
import type { Traps, Wire } from './traps.ts';

interface Frame {
  type: string;
  payload: Buffer;
  /** The unchanged message. */
  whole: Buffer;
}

/** Cuts a stream of PostgreSQL's protocol (version 3) into messages. The first message of a client has no type. */
class Frames {
  #rest: Buffer = Buffer.alloc(0);
  #untyped: boolean;
  constructor(startsUntyped: boolean) {
    this.#untyped = startsUntyped;
  }

  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const found: Frame[] = [];
    for (;;) {
      const head = this.#untyped ? 0 : 1;
      if (this.#rest.length < head + 4) return found;
      const length = this.#rest.readInt32BE(head);
      if (this.#rest.length < head + length) return found;
      found.push({
        type: this.#untyped ? '' : String.fromCharCode(this.#rest[0]!),
        payload: this.#rest.subarray(head + 4, head + length),
        whole: this.#rest.subarray(0, head + length),
      });
      this.#rest = this.#rest.subarray(head + length);
      this.#untyped = false;
    }
  }
}

const text = (payload: Buffer, from: number) => payload.toString('utf8', from, payload.indexOf(0, from));

/** The SQL text that a message of the client executes: a simple query, or the binding of a statement parsed earlier. */
function starterOf(statements: Map<string, string>): (frame: Frame) => string | undefined {
  return ({ type, payload }) => {
    if (type === 'Q') return text(payload, 0);
    if (type === 'P') statements.set(text(payload, 0), text(payload, payload.indexOf(0) + 1));
    return type === 'B' ? statements.get(text(payload, payload.indexOf(0) + 1)) : undefined;
  };
}

/**
 * Tracks the statements of one connection. While a trap is set it forwards one statement at a time, even if the client sends
 * several at once: the next statement must not overtake the moment after the previous one.
 */
function tap(wire: Wire, traps: Traps): Tap {
  const requests = new Frames(true);
  const answered = new Frames(false);
  const starts = starterOf(new Map());
  const sent: string[] = [];
  let bound = '';
  let inTransaction: string[] = [];
  let waiting: (() => void)[] = [];
  return {
    async up(chunk, send) {
      for (const frame of requests.push(chunk)) {
        const started = starts(frame);
        if (started !== undefined) {
          bound = started;
          if (!(await traps.pass(wire, 'before', { text: started }))) return false;
        }
        const isWhole = frame.type === 'Q' || frame.type === 'S';
        if (isWhole) sent.push(bound);
        send(frame.whole);
        while (isWhole && traps.armed > 0 && sent.length > 0)
          await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return true;
    },
    async down(chunk) {
      for (const frame of answered.push(chunk)) {
        const statement = frame.type === 'Z' ? sent.shift() : undefined;
        if (statement === undefined) continue;
        const isOver = frame.payload[0] === 0x49; // idle: no transaction is open
        if (!isOver) inTransaction.push(statement);
        const done = !isOver
          ? [statement]
          : /^commit/i.test(statement)
            ? inTransaction
            : /^rollback/i.test(statement)
              ? []
              : [statement];
        if (isOver) inTransaction = [];
        for (const seen of done)
          if (!(await traps.pass(wire, isOver ? 'after' : 'inside', { text: seen }))) return false;
        for (const wake of waiting.splice(0)) wake();
        waiting = [];
      }
      return true;
    },
  };
}

/** A proxy to PostgreSQL that recognises statements, and stops at the one that a trap waits for. */
export const postgresGate = (target: { port: number }, wire: Wire, traps: Traps): Promise<TcpProxy> =>
  tcpProxy(target, () => tap(wire, traps));
