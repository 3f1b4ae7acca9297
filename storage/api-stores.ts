import type { Pool } from 'pg';
import type { Keyring, Sealer } from '../crypto/keyring.ts';
import type { DecisionStore } from '../domain/approval/decision-ports.ts';
import type {
  CancellationStore,
  HistoryReader,
  IncidentStore,
  PermitStore,
  RecordedReader,
  RequestLister,
  RequestReader,
  WorkflowStartStore,
} from '../domain/approval/ports.ts';
import type { PolicyStore } from '../domain/policy/ports.ts';
import { idempotencyStore, keyStore } from './access/access-stores.ts';
import { identityStore } from './access/identity-store.ts';
import { createKeyCache, type KeyCache } from './access/key-cache.ts';
import { createRollbackMemory } from './access/rollback-memory.ts';
import { sessionStore } from './access/session-store.ts';
import { type ActLog, createActLog } from './acts/act-log.ts';
import { auditStore } from './acts/audit-store.ts';
import { listRequests } from './approvals/approval-requests.ts';
import { insertCancellation } from './approvals/cancellations.ts';
import { acknowledgeDecision, insertDecision, sendDecisionBack } from './approvals/decisions.ts';
import { createReportForged, type OnForged } from './approvals/forged-rows.ts';
import { reportIncident } from './approvals/incidents.ts';
import { settledAt } from './approvals/ledger.ts';
import { openRequestStore } from './approvals/open-request-store.ts';
import { permitStore } from './approvals/permit-store.ts';
import { insertPolicy, policyLog, policyWritten } from './approvals/policies.ts';
import { policyReader } from './approvals/policy-in-force.ts';
import { historyView, requestView, resolvedRequest } from './approvals/request-views.ts';
import { readProposal, readScreening } from './approvals/screenings.ts';
import { seenClaims } from './approvals/seen-claims.ts';
import { startMarks } from './approvals/start-marks.ts';
import { createEventBatcher, type EventBatcher } from './db/event-batcher.ts';
import { clock, inProject, onceInProject, type Transaction } from './db/transaction.ts';
import { countPending } from './limits/count-pending.ts';
import { usageStore } from './limits/usage-store.ts';

/** Refused rows of one page that are reported: an attacker who inserts thousands must not keep readers waiting. */
const MAX_REPORTED = 5;

/** The stores of the api: each call is one transaction inside the project. */
export function apiStores(
  pool: Pool,
  keyring: Keyring,
  keys: KeyCache = createKeyCache(),
  events: EventBatcher = createEventBatcher(pool),
  onForged: OnForged = () => {},
  acts: ActLog = createActLog({ pool, keyring }),
  sweepPool: Pool = pool,
) {
  const sealed = async <T>(
    project_id: string,
    work: (tx: Transaction, sealer: Sealer) => Promise<T>,
    run: typeof inProject = inProject,
  ): Promise<T> => {
    const sealer = await keyring.sealer(project_id);
    return run(pool, project_id, (tx) => work(tx, sealer));
  };

  const seen = seenClaims();
  const memory = createRollbackMemory();
  const reportForged = createReportForged(pool, onForged);
  const readPolicy = policyReader(pool, keyring, memory);
  const access = { pool, sweepPool, keyring, keys, memory, report: reportForged, acts };
  const opening = openRequestStore(pool, keyring, events, readPolicy, seen);
  const requests: RequestReader & HistoryReader & RequestLister & RecordedReader = {
    view: (project_id, id) => sealed(project_id, (tx, sealer) => requestView(tx, sealer, id, seen)),
    history: (project_id, id) => sealed(project_id, (tx, sealer) => historyView(tx, sealer, id, seen)),
    async list(project_id, query) {
      const page = await sealed(
        project_id,
        (tx, sealer) => listRequests(tx, sealer, query),
        query.agent ? inProject : onceInProject, // the list of an agent's key takes two statements
      );
      await Promise.all(page.refused.slice(0, MAX_REPORTED).map((row) => reportForged(project_id, row)));
      return page;
    },
    recorded: opening.recorded,
  };
  const policies: PolicyStore = {
    policy: async (project_id) => (await readPolicy(project_id)).inForce,
    putPolicy: async (project_id, policy, by, compare) => {
      await readPolicy(project_id); // refuses to write on top of a version that was brought back
      const written = await acts.transact(project_id, async (tx, sealer, record) => {
        const version = await insertPolicy(tx, sealer, policy, by.owner ?? by.surface, compare);
        await record(policyWritten(version, by));
        return version;
      });
      memory.policies.saw(project_id, written.version);
      return written;
    },
    policyLog: (project_id, limit, before) =>
      sealed(project_id, (tx, sealer) => policyLog(tx, sealer, limit, before), onceInProject),
  };
  const decisions: DecisionStore = {
    deciding: (project_id, request_id, work) =>
      sealed(project_id, async (tx, sealer) => {
        const [found, now] = await Promise.all([resolvedRequest(tx, sealer, request_id), clock(tx)]);
        if (!found) return undefined;
        return work({
          ...found,
          proposal: () => readProposal(tx, sealer, request_id),
          record: (decision) => insertDecision(tx, sealer, decision, now),
        });
      }),
    settledAt: async (project_id, request_id, answer) =>
      settledAt(await keyring.sealer(project_id), request_id, answer),
    recordDecision: (project_id, decision) => sealed(project_id, (tx, sealer) => insertDecision(tx, sealer, decision)),
    sendBack: (project_id, request_id, decision_id) =>
      sealed(project_id, (tx, sealer) => sendDecisionBack(tx, sealer, request_id, decision_id)),
    acknowledge: (project_id, request_id, decision_id) =>
      onceInProject(pool, project_id, (tx) => acknowledgeDecision(tx, request_id, decision_id)),
    screeningOf: (project_id, request_id, decision_id) =>
      sealed(project_id, (tx, sealer) => readScreening(tx, sealer, request_id, decision_id), onceInProject),
    proposalOf: (project_id, request_id) => sealed(project_id, (tx, sealer) => readProposal(tx, sealer, request_id)),
  };
  const cancellations: CancellationStore = {
    recordCancellation: (project_id, request_id, requested_by) =>
      sealed(project_id, (tx, sealer) => insertCancellation(tx, sealer, request_id, requested_by)),
  };
  const permits: PermitStore = permitStore(pool, keyring, events, seen);
  const workflowStarts: WorkflowStartStore = {
    markStarted: startMarks(pool, events),
  };
  const incidents: IncidentStore = {
    report: ({ project_id, request_id }, kind) =>
      onceInProject(pool, project_id, (tx) => reportIncident(tx, kind, request_id)),
  };
  return {
    incidents,
    requests,
    policies,
    decisions,
    cancellations,
    permits,
    workflowStarts,
    opening,
    keys: keyStore(access),
    identities: identityStore(access),
    sessions: sessionStore(access),
    acts: auditStore(access),
    reportForged,
    idempotency: idempotencyStore(pool, keyring),
    usage: usageStore(pool),
    countPending: (project_id: string, key_id: string | undefined, most: number) =>
      onceInProject(pool, project_id, (tx) => countPending(tx, key_id, most)),
  };
}
