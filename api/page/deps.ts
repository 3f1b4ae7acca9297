import type { ReportForged } from '../../domain/approval/forged-row.ts';
import type { HistoryReader, RequestLister } from '../../domain/approval/ports.ts';
import type { Decide } from '../operations/decide.ts';
import type { SignedInDeps } from './signed-in.ts';

export interface PageDeps extends SignedInDeps {
  requests: HistoryReader & RequestLister;
  decide: Decide;
  reportForged: ReportForged;
}
