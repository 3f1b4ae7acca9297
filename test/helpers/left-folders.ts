import { readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from '../../cli/services/data-dir.ts';
import { endLeftovers } from '../../cli/services/leftovers.ts';

/** Cleans up after killed runs: ends the processes that they left, by pid, and removes their folders. */
export async function sweep(prefix: string, say: (line: string) => void): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    try {
      const dir = realpathSync(join(tmpdir(), name));
      const lock = lockDataDir(dir);
      await endLeftovers(dir, say);
      lock.release();
      rmSync(dir, { recursive: true, force: true });
    } catch {
      // In use by a concurrent run, or owned by another user.
    }
  }
}
