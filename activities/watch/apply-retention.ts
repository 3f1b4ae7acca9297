import type { RetentionStore } from '../../domain/approval/ports.ts';
import { type ForgedRowDeps, reportRefused } from '../forged-rows.ts';

/** Requests of one transaction: some 100 ms of this process. */
const BATCH = 200;
/** Idempotency keys of one transaction. */
const KEYS = 1_000;
const EVERY_MS = 60 * 60 * 1_000;

export interface ApplyRetentionDeps extends ForgedRowDeps {
  store: RetentionStore;
  /** Milliseconds between two passes. Default an hour. */
  everyMs?: number | undefined;
  batch?: number | undefined;
}

/**
 * Removes payloads after the retention time of their project, and idempotency keys after their 24 hours, in batches that each commit: a
 * process that dies continues where it was, because what is removed is not found again. A failing project does not stop the others.
 */
export function createApplyRetention({
  store,
  everyMs = EVERY_MS,
  batch = BATCH,
  ...deps
}: ApplyRetentionDeps): () => Promise<void> {
  let due = 0;
  const applyTo = async (project_id: string): Promise<unknown> => {
    const days = await store.days(project_id);
    if (days === null) return undefined;
    let failed: unknown;
    let after: Parameters<RetentionStore['removePayloads']>[3];
    do {
      const { refused, next } = await store.removePayloads(project_id, days, batch, after);
      failed ??= await reportRefused(deps, refused);
      after = next;
    } while (after);
    return failed;
  };
  return async () => {
    if (performance.now() < due) return;
    due = performance.now() + everyMs;
    let failed: unknown;
    for (const project_id of await store.projects())
      failed ??= await applyTo(project_id).catch((error: unknown) => reportRefused(deps, [{ project_id, error }]));
    while ((await store.removeExpiredKeys(KEYS)) === KEYS);
    if (failed !== undefined) throw failed;
  };
}
