import type { CreateKeyBody, Role } from '../../contracts/key.ts';
import { Policy } from '../../contracts/policy.ts';
import { newApiKey } from '../../crypto/api-key.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { TERMINAL } from '../../domain/acts/act.ts';
import type { Anchor } from '../../domain/acts/ports.ts';
import { loosenings } from '../../domain/policy/loosenings.ts';
import { type ActWork, createActLog } from '../acts/act-log.ts';
import { insertPolicy, policyWritten } from '../approvals/policies.ts';
import { createPool } from '../db/pool.ts';
import { insertProject } from '../keys/projects.ts';
import { storedKeys } from '../keys/stored-keys.ts';
import { insertKey, keyCreated } from './api-keys.ts';

export interface FirstProject {
  project_id: string;
  agent_api_key: string;
  approver_api_key: string;
  admin_api_key: string;
}

const FIRST_KEYS: Record<Role, CreateKeyBody> = {
  agent: { name: 'first agent', owner: 'dev-agent', role: 'agent' },
  approver: { name: 'first approver', owner: 'dev-approver', role: 'approver' },
  admin: { name: 'first admin', owner: 'dev-admin', role: 'admin' },
};

/** Creates a project with its key and one API key per role, so that an empty database can be used. Returns the API keys, which are not stored. */
export async function createFirstProject(options: {
  databaseUrl: string;
  rootKey: string;
  name: string;
  policy?: unknown;
  environment: 'live' | 'test';
  anchor?: Anchor | undefined;
}): Promise<FirstProject> {
  const pool = createPool(options.databaseUrl, { max: 1 });
  try {
    const keyring = createKeyring(parseRootKey(options.rootKey), storedKeys(pool));
    const project_id = newId('prj');
    const wrapped = keyring.wrapProjectKey(project_id);
    const sealer = keyring.sealerOfNew(project_id, wrapped);
    const acts = createActLog({ pool, keyring, anchor: options.anchor });
    const create: ActWork<Omit<FirstProject, 'project_id'>> = async (tx, _sealer, record) => {
      await insertProject(tx, options.name, wrapped);
      await record({ kind: 'project_created', subject: project_id, by: TERMINAL, details: { name: options.name } });
      if (options.policy !== undefined) {
        const policy = Policy.parse(options.policy);
        const written = await insertPolicy(tx, sealer, policy, FIRST_KEYS.admin.owner, (before) => ({
          reason: null,
          loosenings: loosenings(before.policy, policy),
        }));
        await record(policyWritten(written, TERMINAL));
      }
      const make = async (role: Role) => {
        const id = newId('key');
        const { api_key, secret_sha256 } = newApiKey(id, options.environment);
        await insertKey(tx, sealer, id, FIRST_KEYS[role], secret_sha256);
        await record(keyCreated(id, FIRST_KEYS[role], TERMINAL));
        return api_key;
      };
      return {
        agent_api_key: await make('agent'),
        approver_api_key: await make('approver'),
        admin_api_key: await make('admin'),
      };
    };
    return { project_id, ...(await acts.transact(project_id, create, sealer)) };
  } finally {
    await pool.end();
  }
}

/** The project of `letsping dev`. Its policy accepts unsigned Signals of a bot only if `dev` was started so. */
export const bootstrapDev = (options: {
  databaseUrl: string;
  rootKey: string;
  anchor?: Anchor | undefined;
  acceptSignals: boolean;
}): Promise<FirstProject> =>
  createFirstProject({
    ...options,
    name: 'dev',
    policy: { accept_unsigned_signals: options.acceptSignals },
    environment: 'test',
  });
