import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type System, startSystem } from '../../cli/services/system.ts';
import { createDatabase } from './database.ts';

export interface LocalSystem extends System {
  /** The environment of a person who decides, and of one who administers. */
  approver: NodeJS.ProcessEnv;
  admin: NodeJS.ProcessEnv;
}

/**
 * API and worker as `letsping dev` starts them, with a database and a task queue of their own on the run's PostgreSQL
 * and Temporal.
 */
export async function localSystem(): Promise<LocalSystem> {
  const database = await createDatabase({ migrated: false });
  const dataDir = mkdtempSync(join(tmpdir(), 'letsping-system-'));
  const clean = async () => {
    await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  const env = {
    ...process.env,
    DATABASE_URL: database.owner_url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: inject('temporalNamespace'),
    LETSPING_TASK_QUEUE: `test-${randomBytes(6).toString('hex')}`,
    LETSPING_DATA_DIR: dataDir,
    LETSPING_DEV: '0', // as a deployment
  };
  const system = await startSystem({ env, dataDir, progress: () => {}, throwaway: true, acceptSignals: true }).catch(
    async (error: unknown) => {
      await clean();
      throw error;
    },
  );
  const reach = (key: string) => ({ LETSPING_BASE_URL: system.api_url, LETSPING_API_KEY: key });
  return {
    ...system,
    approver: reach(system.approver_api_key),
    admin: reach(system.admin_api_key),
    stop: async () => {
      await system.stop();
      await clean();
    },
  };
}
