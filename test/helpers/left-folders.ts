import { readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from '../../cli/services/data-dir.ts';
import { endLeftovers } from '../../cli/services/leftovers.ts';

/** A killed run cannot clean up: the next one ends what it left, by pid, and removes its folder. */
export async function sweep(prefix: string, say: (line: string) => void): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    try {
      const dir = realpathSync(join(tmpdir(), name));
      const lock = lockDataDir(dir);
      await endLeftovers(dir, say);
      lock.release();
      rmSync(dir, { recursive: true, force: true });
    } catch {
      // In use by a run that goes on beside this one, or another user's.
    }
  }
}
