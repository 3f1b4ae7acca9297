import type { PolicyVersion } from '../../contracts/policy.ts';
import type { ApiConnection } from '../api-connection.ts';

export const POLICY_PATH = '/policy';

/** The current policy. */
export const currentPolicy = async (api: ApiConnection): Promise<PolicyVersion> =>
  (await api.call<PolicyVersion>({ method: 'GET', path: POLICY_PATH })).body;
