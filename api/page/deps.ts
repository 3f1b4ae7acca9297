import type { Decision } from '../../contracts/decision.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import type { Channel } from '../../domain/approval/record.ts';
import type { Decided } from '../operations/decision-attempt.ts';
import type { ApprovalStore, IdentityStore } from '../ports.ts';

export interface PageDeps {
  store: ApprovalStore;
  identities: IdentityStore;
  decide: (
    principal: Principal,
    id: string,
    decision: Decision,
    decision_id: string,
    channel: Channel,
  ) => Promise<Decided>;
  publicUrl: () => string;
}
