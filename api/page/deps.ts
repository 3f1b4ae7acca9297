import type { Decision } from '../../contracts/decision.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import type { IdentityStore } from '../../domain/access/ports.ts';
import type { ReportForged } from '../../domain/approval/forged-row.ts';
import type { HistoryReader, RequestLister } from '../../domain/approval/ports.ts';
import type { Channel } from '../../domain/approval/record.ts';
import type { Decided } from '../operations/decision-attempt.ts';

export interface PageDeps {
  requests: HistoryReader & RequestLister;
  identities: IdentityStore;
  decide: (
    principal: Principal,
    id: string,
    decision: Decision,
    decision_id: string,
    channel: Channel,
  ) => Promise<Decided>;
  publicUrl: () => string;
  reportForged: ReportForged;
}
