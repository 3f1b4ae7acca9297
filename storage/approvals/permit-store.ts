import type { Pool } from 'pg';
import type { Keyring } from '../../crypto/keyring.ts';
import type { ClaimRecord } from '../../domain/approval/permit.ts';
import type { LockedPermit, PermitStore } from '../../domain/approval/ports.ts';
import type { EventBatcher } from '../db/event-batcher.ts';
import { clock, inProject } from '../db/transaction.ts';
import { eventOfClaim, insertClaim, lockPermit, updateClaim } from './claims.ts';
import { listDecisions } from './decisions.ts';
import { insertIncident } from './incidents.ts';
import { requestView } from './request-views.ts';
import { readScreening } from './screenings.ts';
import type { SeenClaims } from './seen-claims.ts';

/** Claims and their ends, one transaction each: two round trips. */
export const permitStore = (pool: Pool, keyring: Keyring, events: EventBatcher, seen: SeenClaims): PermitStore => ({
  async locked<T>(project_id: string, request_id: string, work: (permit: LockedPermit) => Promise<T>) {
    const sealer = await keyring.sealer(project_id);
    let written: ClaimRecord | undefined;
    const done = await inProject(pool, project_id, async (tx) => {
      // Sent together, run in order: what follows the lock sees what its holders before have committed.
      const [isThere, view, now] = await Promise.all([
        lockPermit(tx, request_id),
        requestView(tx, sealer, request_id, seen, { goesOn: true }),
        clock(tx),
      ]);
      if (!isThere || !view) return undefined;
      return work({
        view,
        now,
        async claim(claim, policy_version) {
          if (!(await insertClaim(tx, sealer, claim, policy_version))) return false;
          written = claim;
          return true;
        },
        async update(claim) {
          await updateClaim(tx, sealer, claim);
          written = claim;
        },
        incident: (kind, by) => insertIncident(tx, request_id, kind, by),
      });
    });
    if (written) {
      // Committed.
      seen.saw(project_id, written);
      events.add(eventOfClaim(written), request_id);
    }
    return done;
  },
  async patchFindings(project_id, request_id, patched_digest) {
    const sealer = await keyring.sealer(project_id);
    return inProject(pool, project_id, async (tx) => {
      const patch = (await listDecisions(tx, sealer, request_id)).find((one) => one.patched_digest === patched_digest);
      return (patch && (await readScreening(tx, sealer, request_id, patch.id))) ?? [];
    });
  },
});
