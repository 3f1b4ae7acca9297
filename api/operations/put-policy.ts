import type { Policy, PolicyVersion } from '../../contracts/policy.ts';
import { mayDo, type Principal } from '../../domain/access/permissions.ts';
import type { Actor } from '../../domain/acts/act.ts';
import { DomainError } from '../../domain/errors.ts';
import { NO_PARSERS, type Parsers } from '../../domain/firewall/parsing/parsers.ts';
import { policyProblems } from '../../domain/firewall/policy-problems.ts';
import type { ScreenDeps } from '../../domain/firewall/screen-deps.ts';
import { loosenings } from '../../domain/policy/loosenings.ts';
import type { PolicyStore } from '../../domain/policy/ports.ts';

export interface PutPolicyDeps {
  screenDeps: ScreenDeps;
  /** `letsping dev`. */
  loosenWithoutReason: boolean;
  /** Whether this server lets a policy accept unsigned Signals. One that it would ignore is refused. */
  unsignedSignals: boolean;
}

/** Recorded where no reason is required. */
const NO_REASON = 'none given (letsping dev)';

/**
 * Writes the next version of a project's policy, which takes effect at once. A looser version needs the permission
 * `policy:loosen` and a reason, which is kept with it. The first version of a project replaces the default and needs neither.
 */
export const createPutPolicy =
  (store: Pick<PolicyStore, 'putPolicy'>, { screenDeps, loosenWithoutReason, unsignedSignals }: PutPolicyDeps) =>
  async (principal: Principal, by: Actor, policy: Policy, reason: string | undefined): Promise<PolicyVersion> => {
    refuseBroken(policy, screenDeps.parsers ?? NO_PARSERS);
    if (policy.accept_unsigned_signals && !unsignedSignals)
      throw new DomainError(
        'invalid_value',
        'This server accepts no unsigned Signals. Start letsping dev with --accept-signals, or set LETSPING_UNSIGNED_SIGNALS=policy.',
        { errors: [{ pointer: '/accept_unsigned_signals', detail: 'not accepted by this server' }] },
      );
    return store.putPolicy(principal.project_id, policy, by, (before) => {
      const found = loosenings(before.policy, policy);
      if (found.length > 0 && before.version > 0) {
        const errors = found.map((detail) => ({ pointer: '', detail }));
        if (!mayDo(principal, 'policy:loosen'))
          throw new DomainError(
            'forbidden',
            'This policy is looser than the current one, and this key has no permission policy:loosen.',
            {
              errors,
            },
          );
        if (reason === undefined && !loosenWithoutReason)
          throw new DomainError(
            'invalid_value',
            'This policy is looser than the current one. Add a reason: the header X-Letsping-Reason, or ?reason=.',
            { errors },
          );
      }
      return { reason: reason ?? (found.length > 0 && before.version > 0 ? NO_REASON : null), loosenings: found };
    });
  };

/** Refuses a policy with a rule that cannot run. @throws DomainError `invalid_value`, with the place of every such rule */
export function refuseBroken(policy: Policy, parsers: Parsers): void {
  const errors = policyProblems(policy, parsers).map(({ pointer, reason }) => ({ pointer, detail: reason }));
  if (errors[0]) throw new DomainError('invalid_value', `${errors[0].pointer}: ${errors[0].detail}`, { errors });
}
