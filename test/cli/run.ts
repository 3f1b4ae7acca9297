import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type Command, CommandFailed, UsageError } from '../../cli/command.ts';
import { type System, startSystem } from '../../cli/services/system.ts';
import { createDatabase } from '../helpers/database.ts';

export interface Ran {
  /** 2 for a UsageError, 1 for a CommandFailed, as `cli/main.ts` makes of them. */
  code: 0 | 1 | 2;
  out: string;
  err: string;
  /** Of a CommandFailed. */
  failure?: CommandFailed;
}

/** Runs a command as the command line does, its two outputs caught. */
export async function run(command: Command, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const ran = { out: '', err: '' };
  const terminal = {
    env,
    interactive: false,
    out: (text: string) => {
      ran.out += text;
    },
    err: (text: string) => {
      ran.err += text;
    },
  };
  try {
    return { ...ran, code: await command.run(args, terminal), ...ran };
  } catch (error) {
    if (error instanceof UsageError || String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')) {
      return { ...ran, code: 2, err: ran.err + (error as Error).message };
    }
    if (!(error instanceof CommandFailed)) throw error;
    return { ...ran, code: 1, err: `${ran.err}${error.message}\n${error.hint ?? ''}`, failure: error };
  }
}

export interface TestSystem extends System {
  /** As a person sets it who decides, or who administers. */
  approver: NodeJS.ProcessEnv;
  admin: NodeJS.ProcessEnv;
}

/** API and worker over a database and a task queue of their own, on the run's PostgreSQL and Temporal. */
export async function testSystem(): Promise<TestSystem> {
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
  const system = await startSystem({ env, dataDir, progress: () => {}, throwaway: true }).catch(
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
