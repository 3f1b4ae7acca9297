import type { WatchStore } from '../../domain/approval/ports.ts';
import type { OnIncident } from '../forged-rows.ts';

const BATCH = 200;

export interface ReportUnknownDeps {
  store: Pick<WatchStore, 'silentClaims' | 'reportSilent'>;
  onIncident?: OnIncident | undefined;
}

/** Reports each claim whose claimant has been silent for too long, once: the claimed action may have run, and a person closes it. */
export const createReportUnknown =
  ({ store, onIncident = () => {} }: ReportUnknownDeps) =>
  async (): Promise<void> => {
    for (const ref of await store.silentClaims(BATCH))
      if (await store.reportSilent(ref)) onIncident(ref, 'permit_unknown');
  };
