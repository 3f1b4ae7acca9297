import type { Policy, PolicyVersion } from '../../contracts/policy.ts';
import type { PolicyChange, PolicyLog } from '../../contracts/policy-change.ts';
import type { Actor } from '../acts/act.ts';

/** The policy versions of a project. */
export interface PolicyStore {
  /** The policy in force; version 0 for a project without one. */
  policy(project_id: string): Promise<PolicyVersion>;
  /** `compare` is given the version before the new one, inside the transaction. It throws to refuse the new version. */
  putPolicy(
    project_id: string,
    policy: Policy,
    by: Actor,
    compare: (before: PolicyVersion) => Pick<PolicyChange, 'reason' | 'loosenings'>,
  ): Promise<PolicyVersion>;
  /** Versions before `before`, newest first. */
  policyLog(project_id: string, limit: number, before: number | undefined): Promise<PolicyLog>;
}
