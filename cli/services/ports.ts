import { chmodSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { CommandFailed } from '../command.ts';
import { claim } from './claim.ts';

export interface PortClaim {
  port: number;
  release(): void;
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)));
  });

/**
 * The first free port from `preferred` on. It is claimed across processes until released: two systems that start at
 * once would both find it free, and the slower one would then take the other's server for its own.
 */
export async function claimPort(preferred: number): Promise<PortClaim> {
  const folder = join(tmpdir(), `letsping-ports-${userInfo().uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  for (let port = preferred; port < Math.min(preferred + 500, 65_536); port++) {
    const taken = claim(join(folder, String(port)));
    if ('heldBy' in taken) continue;
    if (await isFree(port)) return { port, release: taken.release };
    taken.release();
  }
  throw new CommandFailed('no_free_port', `no free port on 127.0.0.1 from ${preferred} on`);
}
