import type { ClosePermitBody } from '../../contracts/permit.ts';
import type { Principal } from '../../domain/access/permissions.ts';
import type { SessionStore } from '../../domain/access/ports.ts';
import type { ReportForged } from '../../domain/approval/forged-row.ts';
import type { HistoryReader, RequestLister } from '../../domain/approval/ports.ts';
import type { Decide } from '../operations/decide.ts';
import type { SignedInDeps } from './signed-in.ts';

export interface PageDeps extends SignedInDeps {
  requests: HistoryReader & RequestLister;
  decide: Decide;
  closePermit: (principal: Principal, id: string, body: ClosePermitBody) => Promise<unknown>;
  /** Renders a large page, whose view is JSON; undefined if it cannot be shown. */
  render: (author: string, view: string) => Promise<string | undefined>;
  sessions: SessionStore;
  reportForged: ReportForged;
}
