import { chmodSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { takePidFile } from './pid-file.ts';
import { ServiceFailed } from './service-failed.ts';

export interface PortLease {
  port: number;
  release(): void;
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
  });

/** Whether something listens on the port. Costs little, so it is asked before a client is used. */
export const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const done = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });

/**
 * Leases the first free port from `preferred` on, across processes, until released. Without the lease two systems that
 * start at the same time would both find the port free, and one would take the other's server for its own.
 */
export async function leasePort(preferred: number): Promise<PortLease> {
  const folder = join(tmpdir(), `letsping-ports-${userInfo().uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  for (let port = preferred; port < Math.min(preferred + 500, 65_536); port++) {
    const taken = takePidFile(join(folder, String(port)));
    if ('heldBy' in taken) continue;
    if (await isFree(port)) return { port, release: taken.release };
    taken.release();
  }
  throw new ServiceFailed('no_free_port', `127.0.0.1 has no free port from ${preferred} on`);
}
