import { connect, createServer, type Server, type Socket } from 'node:net';

/** The state of a connection between two processes. `drop_*` is a one-way loss; held bytes arrive when it is `clear` again. */
export type Weather =
  | { kind: 'clear' }
  | { kind: 'latency'; ms: number }
  | { kind: 'black_hole' | 'drop_up' | 'drop_down' }
  /** New connections are refused, and existing ones reset. */
  | { kind: 'refuse' };

/**
 * Inspects bytes before they are forwarded; may wait. False: the connection is cut instead. Bytes from the client are forwarded by
 * the inspector itself, possibly in parts.
 */
export interface Tap {
  up(chunk: Buffer, send: (part: Buffer) => void): Promise<boolean>;
  down(chunk: Buffer): Promise<boolean>;
}

export interface TcpProxy {
  readonly port: number;
  set(weather: Weather): Promise<void>;
  /** Forwards the next `bytes` towards the client, then cuts its connection; once. */
  cutAfter(bytes: number): void;
  /** Resets all connections. */
  reset(): void;
  stop(): Promise<void>;
}

type Direction = 'up' | 'down';
const HELD: Record<Direction, Weather['kind'][]> = { up: ['black_hole', 'drop_up'], down: ['black_hole', 'drop_down'] };

/** A proxy for one connection between two processes, loopback to loopback. */
export async function tcpProxy(target: { host?: string; port: number }, tap?: () => Tap): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let weather: Weather = { kind: 'clear' };
  let changed: (() => void)[] = [];
  let cut: number | undefined;
  let port = 0;

  const passage = async (direction: Direction) => {
    if (weather.kind === 'latency') await new Promise((resolve) => setTimeout(resolve, (weather as { ms: number }).ms));
    while (HELD[direction].includes(weather.kind)) await new Promise<void>((resolve) => changed.push(resolve));
  };

  const pump = async (direction: Direction, from: Socket, to: Socket, look: Tap | undefined) => {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (direction === 'down' && look && !(await look.down(chunk))) break;
        await passage(direction);
        if (direction === 'up' && look) {
          if (!(await look.up(chunk, (part) => to.destroyed || to.write(part)))) break;
          continue;
        }
        if (direction === 'down' && cut !== undefined) {
          to.write(chunk.subarray(0, cut));
          cut = undefined;
          break;
        }
        if (!to.destroyed) to.write(chunk);
      }
    } catch {
      // Reset by one side; the other side is closed below.
    }
    to.end();
    from.destroy();
  };

  const accept = (client: Socket) => {
    const server = connect({ host: target.host ?? '127.0.0.1', port: target.port });
    const look = tap?.();
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        (socket === client ? server : client).destroy();
      });
    }
    void pump('up', client, server, look);
    void pump('down', server, client, look);
  };

  let listener: Server | undefined;
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      const opened = createServer(accept);
      opened.once('error', reject);
      opened.listen(port, '127.0.0.1', () => {
        port = (opened.address() as { port: number }).port;
        listener = opened;
        resolve();
      });
    });
  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const close = async () => {
    const closing = listener;
    listener = undefined;
    reset();
    if (closing) await new Promise<void>((resolve) => closing.close(() => resolve()));
  };
  await listen();

  return {
    get port() {
      return port;
    },
    async set(next) {
      weather = next;
      for (const wake of changed.splice(0)) wake();
      changed = [];
      if (next.kind === 'refuse') await close();
      else if (!listener) await listen();
    },
    cutAfter(bytes) {
      cut = bytes;
    },
    reset,
    async stop() {
      weather = { kind: 'clear' };
      for (const wake of changed.splice(0)) wake();
      await close();
    },
  };
}
