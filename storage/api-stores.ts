import type { Pool } from 'pg';
import type { Keyring, Sealer } from '../crypto/keyring.ts';
import type {
  CancellationStore,
  DecisionStore,
  ExecutionStore,
  HistoryReader,
  RecordedReader,
  RequestLister,
  RequestReader,
  WorkflowStartStore,
} from '../domain/approval/ports.ts';
import type { PolicyStore } from '../domain/policy/ports.ts';
import { idempotencyStore, identityStore, keyStore } from './access/access-stores.ts';
import { createKeyCache, type KeyCache } from './access/key-cache.ts';
import { listRequests, markStarted } from './approvals/approval-requests.ts';
import { insertCancellation } from './approvals/cancellations.ts';
import { insertDecision, sendDecisionBack } from './approvals/decisions.ts';
import { recordExecution, seenExecutions } from './approvals/executions.ts';
import { openRequestStore } from './approvals/open-request-store.ts';
import { currentPolicy, insertPolicy, policyLog } from './approvals/policies.ts';
import { historyView, requestView } from './approvals/request-views.ts';
import { readProposal, readScreening } from './approvals/screenings.ts';
import { createEventBatcher, type EventBatcher } from './db/event-batcher.ts';
import { inProject, onceInProject, type Transaction } from './db/transaction.ts';

/** The stores of the api: each call is one transaction inside the project. */
export function apiStores(
  pool: Pool,
  keyring: Keyring,
  keys: KeyCache = createKeyCache(),
  events: EventBatcher = createEventBatcher(pool),
) {
  const sealed = async <T>(
    project_id: string,
    work: (tx: Transaction, sealer: Sealer) => Promise<T>,
    run: typeof inProject = inProject,
  ): Promise<T> => {
    const sealer = await keyring.sealer(project_id);
    return run(pool, project_id, (tx) => work(tx, sealer));
  };

  const seen = seenExecutions();
  const opening = openRequestStore(pool, keyring, events);
  const requests: RequestReader & HistoryReader & RequestLister & RecordedReader = {
    view: (project_id, id) => sealed(project_id, (tx, sealer) => requestView(tx, sealer, id, seen)),
    history: (project_id, id) => sealed(project_id, (tx, sealer) => historyView(tx, sealer, id, seen)),
    list: (project_id, query) => sealed(project_id, (tx, sealer) => listRequests(tx, sealer, query), onceInProject),
    recorded: opening.recorded,
  };
  const policies: PolicyStore = {
    policy: (project_id) => onceInProject(pool, project_id, currentPolicy),
    putPolicy: (project_id, policy, by, compare) =>
      inProject(pool, project_id, (tx) => insertPolicy(tx, policy, by, compare)),
    policyLog: (project_id, limit, before) => onceInProject(pool, project_id, (tx) => policyLog(tx, limit, before)),
  };
  const decisions: DecisionStore = {
    recordDecision: (project_id, decision) => sealed(project_id, (tx, sealer) => insertDecision(tx, sealer, decision)),
    sendBack: (project_id, request_id, decision_id) =>
      sealed(project_id, (tx, sealer) => sendDecisionBack(tx, sealer, request_id, decision_id)),
    screeningOf: (project_id, request_id, decision_id) =>
      sealed(project_id, (tx, sealer) => readScreening(tx, sealer, request_id, decision_id), onceInProject),
    proposalOf: (project_id, request_id) => sealed(project_id, (tx, sealer) => readProposal(tx, sealer, request_id)),
  };
  const cancellations: CancellationStore = {
    recordCancellation: (project_id, request_id, requested_by) =>
      sealed(project_id, (tx, sealer) => insertCancellation(tx, sealer, request_id, requested_by)),
  };
  const executions: ExecutionStore = {
    execute: async (project_id, request, digest, approved_digest, by) => {
      const written = await sealed(project_id, (tx, sealer) =>
        recordExecution(tx, sealer, request, digest, approved_digest, by),
      );
      if (written.state === 'first') seen.set(request.id, true);
      return written;
    },
  };
  const workflowStarts: WorkflowStartStore = {
    markStarted: ({ project_id, request_id }) => onceInProject(pool, project_id, (tx) => markStarted(tx, request_id)),
  };
  return {
    requests,
    policies,
    decisions,
    cancellations,
    executions,
    workflowStarts,
    opening,
    keys: keyStore(pool, keys),
    identities: identityStore(pool, keys),
    idempotency: idempotencyStore(pool, keyring),
  };
}
