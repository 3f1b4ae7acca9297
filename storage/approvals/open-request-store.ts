import type { Pool } from 'pg';
import type { Keyring } from '../../crypto/keyring.ts';
import { permitOf } from '../../domain/approval/permit.ts';
import type { OpenRequestStore, RequestView } from '../../domain/approval/ports.ts';
import type { UnsealedRequest } from '../../domain/approval/record.ts';
import type { EventBatcher } from '../db/event-batcher.ts';
import { inProject, onceInProject } from '../db/transaction.ts';
import { threadContexts } from '../threads/thread-contexts.ts';
import { insertRequest } from './insert-request.ts';
import { insertSettledRequests } from './insert-settled-request.ts';
import { createPolicyCache } from './policy-cache.ts';
import type { ReadPolicy } from './policy-in-force.ts';
import { recordedRequests } from './recorded-requests.ts';
import { requestView } from './request-views.ts';
import { resolutionOf } from './resolution.ts';
import type { SeenClaims } from './seen-claims.ts';

const pendingView = (request: UnsealedRequest): RequestView => ({
  request,
  resolution: undefined,
  receipt: undefined,
  claims: [],
  permit: undefined,
});

/**
 * A request is opened in one round trip: it is screened by the cached policy, and the statement that writes it refuses when
 * another version is in force or the given time is not the database's. So a tightened policy holds from its commit on, in
 * every process, however old the cache is.
 */
export function openRequestStore(
  pool: Pool,
  keyring: Keyring,
  events: EventBatcher,
  readPolicy: ReadPolicy,
  seen: SeenClaims,
): OpenRequestStore {
  const policies = createPolicyCache(readPolicy);
  const insertSettled = insertSettledRequests(pool);
  return {
    screeningBasis: async (project_id) => {
      const { inForce, ahead_ms } = await policies.read(project_id);
      return { inForce, now: () => new Date(Math.floor(performance.now() + ahead_ms)) };
    },
    recorded: async (project_id, span) => {
      const sealer = await keyring.sealer(project_id);
      return onceInProject(pool, project_id, (tx) => recordedRequests(tx, sealer, span));
    },
    threadContexts: async (project_id, span) => {
      const sealer = await keyring.sealer(project_id);
      return onceInProject(pool, project_id, (tx) => threadContexts(tx, sealer, span));
    },
    insert: async (project_id, request, now, outcome, claim) => {
      const sealer = await keyring.sealer(project_id);
      if (outcome) {
        if (await insertSettled(sealer, request, outcome, claim)) {
          events.add('settled', request.id);
          if (claim) seen.saw(project_id, claim);
          const resolution = resolutionOf(outcome.ledger, request.payload_digest);
          const { receipt, status } = outcome.ledger;
          const permit = status === 'approved' ? permitOf(claim, now) : undefined;
          return {
            state: 'written',
            view: { request: outcome.request, resolution, receipt, claims: claim ? [claim] : [], permit },
          };
        }
      } else {
        const opened = await onceInProject(pool, project_id, (tx) => insertRequest(tx, sealer, request, now));
        if (opened) {
          events.add('approval_request.opened', opened.id);
          return { state: 'written', view: pendingView(opened) };
        }
      }
      const view = await inProject(pool, project_id, (tx) => requestView(tx, sealer, request.id, seen));
      if (view) return { state: 'exists', view };
      policies.forget(project_id);
      return { state: 'policy_changed' };
    },
  };
}
