import { connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to the bytes between two processes. `drop_*` is a one-way loss; what was held arrives once it is clear again. */
export type Weather =
  | { kind: 'clear' }
  | { kind: 'latency'; ms: number }
  | { kind: 'black_hole' | 'drop_up' | 'drop_down' }
  /** Nobody listens, and what was connected is reset. */
  | { kind: 'refuse' };

/**
 * Looks at the bytes before they are passed on, and may take its time. False: the connection is cut instead. What goes up it passes on
 * itself, in parts if it wants.
 */
export interface Tap {
  up(chunk: Buffer, send: (part: Buffer) => void): Promise<boolean>;
  down(chunk: Buffer): Promise<boolean>;
}

export interface TcpProxy {
  readonly port: number;
  set(weather: Weather): Promise<void>;
  /** The next `bytes` towards the client pass, then its connection is cut; once. */
  cutAfter(bytes: number): void;
  /** RST to everybody who is connected. */
  reset(): void;
  stop(): Promise<void>;
}

type Direction = 'up' | 'down';
const HELD: Record<Direction, Weather['kind'][]> = { up: ['black_hole', 'drop_up'], down: ['black_hole', 'drop_down'] };

/** One edge between two processes, loopback to loopback. */
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
      // Reset by one side: the other learns it below.
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
