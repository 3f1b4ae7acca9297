import { type Tap, type TcpProxy, tcpProxy } from './tcp-proxy.ts';
import type { Edge, Traps } from './traps.ts';

interface Frame {
  type: string;
  payload: Buffer;
}

/** Cuts a stream of PostgreSQL's protocol (version 3) into messages. The first one of a client bears no type. */
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
      });
      this.#rest = this.#rest.subarray(head + length);
      this.#untyped = false;
    }
  }
}

const textOf = ({ type, payload }: Frame): string | undefined => {
  if (type === 'Q') return payload.toString('utf8', 0, payload.length - 1);
  if (type !== 'P') return undefined;
  const name = payload.indexOf(0);
  return payload.toString('utf8', name + 1, payload.indexOf(0, name + 1));
};

/** Follows the statements of one connection, one at a time as our driver sends them. */
function tap(edge: Edge, traps: Traps): Tap {
  const asked = new Frames(true);
  const answered = new Frames(false);
  let current = '';
  let inTransaction: string[] = [];
  return {
    async up(chunk) {
      for (const frame of asked.push(chunk)) {
        const text = textOf(frame);
        if (text === undefined) continue;
        current = text;
        if (/^begin/i.test(text)) inTransaction = [];
        if (!(await traps.pass(edge, 'before', { text }))) return false;
      }
      return true;
    },
    async down(chunk) {
      for (const frame of answered.push(chunk)) {
        if (frame.type !== 'Z') continue;
        const isOver = frame.payload[0] === 0x49; // idle: no transaction is open
        const text = current;
        if (!isOver) {
          inTransaction.push(text);
          if (!(await traps.pass(edge, 'inside', { text }))) return false;
          continue;
        }
        const done = /^commit/i.test(text) ? inTransaction : /^rollback/i.test(text) ? [] : [text];
        inTransaction = [];
        for (const statement of done)
          if (!(await traps.pass(edge, 'after', { text: statement }))) return false;
      }
      return true;
    },
  };
}

/** A proxy to PostgreSQL that knows which statement passes, and stops at the one it waits for. */
export const postgresGate = (target: { port: number }, edge: Edge, traps: Traps): Promise<TcpProxy> =>
  tcpProxy(target, () => tap(edge, traps));
