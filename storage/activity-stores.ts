import type { Pool } from 'pg';
import { type Keyring, type Sealer, UnknownProject } from '../crypto/keyring.ts';
import type { IncidentStore, Ledger, ReconcileStore, ScreenStore } from '../domain/approval/ports.ts';
import type { DeliveryStore, InterruptReader } from '../domain/outbox/ports.ts';
import { createRollbackMemory } from './access/rollback-memory.ts';
import { type ActLog, createActLog } from './acts/act-log.ts';
import { readRequest, readRequestRow } from './approvals/approval-requests.ts';
import { readDecision } from './approvals/decisions.ts';
import { reportIncident } from './approvals/incidents.ts';
import { settleOnce } from './approvals/ledger.ts';
import { policyReader } from './approvals/policy-in-force.ts';
import { workflowScanStore } from './approvals/reconcile.ts';
import { recordScreening } from './approvals/screenings.ts';
import { markStarted } from './approvals/start-marks.ts';
import { unstartedRequests } from './approvals/unstarted-requests.ts';
import { watchStore } from './approvals/watch-store.ts';
import { createEventBatcher, type EventBatcher } from './db/event-batcher.ts';
import { acrossProjects, inProject, onceInProject } from './db/transaction.ts';
import { markDelivery, readUndelivered, unstartedDeliveries } from './outbox/deliveries.ts';
import { retentionStore } from './retention/retention-store.ts';
import { interruptOfRequest } from './threads/interrupt-of-request.ts';

/** The stores of the activities: each call is a transaction of its own. */
export function activityStores(
  pool: Pool,
  keyring: Keyring,
  acts: ActLog = createActLog({ pool, keyring }),
  events: EventBatcher = createEventBatcher(pool),
) {
  const readPolicy = policyReader(pool, keyring, createRollbackMemory());
  /** Undefined for an unknown project: the attacker can start workflows with any input. */
  const sealerOf = (project_id: string): Promise<Sealer | undefined> =>
    keyring.sealer(project_id).catch((error: unknown) => {
      if (error instanceof UnknownProject) return undefined;
      throw error;
    });
  const screen: ScreenStore = {
    terms: async (ref) => {
      const sealer = await sealerOf(ref.project_id);
      if (!sealer) return undefined;
      return onceInProject(pool, ref.project_id, (tx) => readRequestRow(tx, sealer, ref.request_id));
    },
    request: async (ref) => {
      const sealer = await keyring.sealer(ref.project_id);
      const request = await inProject(pool, ref.project_id, (tx) => readRequest(tx, sealer, ref.request_id));
      return request?.payload_removed_at ? undefined : request; // closed long ago: there is nothing to screen
    },
    decision: async (ref, decision_id) => {
      const sealer = await keyring.sealer(ref.project_id);
      return inProject(pool, ref.project_id, (tx) => readDecision(tx, sealer, ref.request_id, decision_id));
    },
    policy: async (project_id) => (await readPolicy(project_id)).inForce,
    recordScreening: async (ref, decision_id, screening, findings) => {
      const sealer = await keyring.sealer(ref.project_id);
      const recorded = await inProject(pool, ref.project_id, (tx) =>
        recordScreening(tx, sealer, ref.request_id, decision_id, screening, findings),
      );
      if (recorded === 'second_approver') events.add('approval_request.patch_proposed', ref.request_id);
      return recorded;
    },
  };
  const ledger: Ledger = {
    settleOnce: async (ref, work) => {
      const sealer = await sealerOf(ref.project_id);
      if (!sealer) return undefined;
      const settled = await inProject(pool, ref.project_id, (tx) => settleOnce(tx, sealer, ref.request_id, work));
      // Also of an outcome that was there: the process that wrote it may have been killed before its notice.
      if (settled) events.add('approval_request.resolved', ref.request_id);
      return settled;
    },
  };
  const incidents: IncidentStore = {
    report: (ref, kind) => onceInProject(pool, ref.project_id, (tx) => reportIncident(tx, kind, ref.request_id)),
  };
  const deliveries: DeliveryStore = {
    undelivered: (ref) => inProject(pool, ref.project_id, (tx) => readUndelivered(tx, ref.delivery_id)),
    mark: (ref, state) => inProject(pool, ref.project_id, (tx) => markDelivery(tx, ref.delivery_id, state)),
  };
  const interrupts: InterruptReader = {
    interruptOf: async (ref) => {
      const sealer = await keyring.sealer(ref.project_id);
      const { policy } = (await readPolicy(ref.project_id)).inForce;
      return inProject(pool, ref.project_id, async (tx) => {
        const found = await interruptOfRequest(tx, sealer, ref.request_id);
        if (!found) return undefined;
        const { thread_id, ...interrupt } = found;
        return {
          ...interrupt,
          thread_key: sealer.pseudonym('thread', thread_id),
          task_queue: policy.resume_task_queue,
        };
      });
    },
  };
  const reconcile: ReconcileStore = {
    unstartedRequests: (limit, after) => unstartedRequests(pool, keyring, limit, after),
    unstartedDeliveries: (limit, olderThanMs) =>
      acrossProjects(pool, (tx) => unstartedDeliveries(tx, limit, olderThanMs)),
    markStarted: (ref) => markStarted(pool, events, [ref]),
  };
  return {
    screen,
    ledger,
    incidents,
    deliveries,
    interrupts,
    reconcile,
    workflowScan: workflowScanStore(pool, keyring),
    watch: watchStore(pool, keyring, events),
    retention: retentionStore(pool, keyring, acts),
  };
}
