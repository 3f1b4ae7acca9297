import type { Pool } from 'pg';
import type { ListQuery } from '../../contracts/approval-request.ts';
import type { CreateKeyBody } from '../../contracts/key.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { Keyring, Sealer } from '../../crypto/keyring.ts';
import {
  type LedgerRecord,
  type NewDecision,
  outcomeOf,
  type RequestRecord,
  type UnsealedRequest,
} from '../../domain/approval/record.ts';
import { insertKey, listKeys, revokeKey } from '../access/api-keys.ts';
import { createKeyCache, type KeyCache } from '../access/key-cache.ts';
import { createEventBatcher, type EventBatcher } from '../db/event-batcher.ts';
import { inProject, onceInProject, type Transaction } from '../db/transaction.ts';
import { listRequests, markStarted, readRequest } from './approval-requests.ts';
import { insertDecision, listDecisions, readStanding } from './decisions.ts';
import { insertExecution, readExecution } from './executions.ts';
import { insertIncident, listIncidents } from './incidents.ts';
import { createOpening, type Judge } from './open-request.ts';
import { currentPolicy, insertPolicy, policyLog } from './policies.ts';
import { type RecordedSpan, recordedRequests } from './recorded-requests.ts';
import { readProposal, readScreening } from './screenings.ts';

/** One round trip. What was committed between its statements is not shown: the request's own row says whether it is closed. */
async function viewOf(tx: Transaction, sealer: Sealer, id: string) {
  const [request, found, executed] = await Promise.all([
    readRequest(tx, sealer, id),
    readStanding(tx, sealer, id),
    readExecution({ ...tx, query: tx.last }, id),
  ]);
  if (!request) return undefined;
  const standing = request.status === 'pending' ? undefined : found;
  const execution = standing?.outcome.status === 'approved' ? executed : undefined;
  return { request, standing, executed_at: execution?.executed_at, executed_by: execution?.reported_by };
}

const pendingView = (request: UnsealedRequest) => ({
  request,
  standing: undefined,
  executed_at: undefined,
  executed_by: undefined,
});

/** What the firewall closed by itself, as `viewOf` would read it back. */
const settledView = ({ request, ledger }: { request: UnsealedRequest; ledger: LedgerRecord }) => ({
  request,
  standing: {
    decision_id: null,
    type: null,
    decided_by: null,
    decided_at: ledger.resolved_at.toISOString(),
    channel: ledger.channel,
    outcome: outcomeOf(ledger, request.payload_digest),
    payload_digest: ledger.payload_digest,
    receipt: ledger.receipt,
  },
  executed_at: undefined,
  executed_by: undefined,
});

/** What the api's operations are given: each call one transaction inside the project. */
export function approvalStore(
  pool: Pool,
  keyring: Keyring,
  keys: KeyCache = createKeyCache(),
  notices: EventBatcher = createEventBatcher(pool),
) {
  const sealed = async <T>(
    project_id: string,
    work: (tx: Transaction, sealer: Sealer) => Promise<T>,
    run: typeof inProject = inProject,
  ): Promise<T> => {
    const sealer = await keyring.sealer(project_id);
    return run(pool, project_id, (tx) => work(tx, sealer));
  };
  const opening = createOpening(pool, keyring, notices);
  const view = (project_id: string, id: string) => sealed(project_id, (tx, sealer) => viewOf(tx, sealer, id));
  return {
    policy: (project_id: string) => onceInProject(pool, project_id, currentPolicy),
    putPolicy: (project_id: string, policy: Policy, by: string, compare: Parameters<typeof insertPolicy>[3]) =>
      inProject(pool, project_id, (tx) => insertPolicy(tx, policy, by, compare)),
    policyLog: (project_id: string, limit: number, before: number | undefined) =>
      onceInProject(pool, project_id, (tx) => policyLog(tx, limit, before)),
    recorded: (project_id: string, span: RecordedSpan) =>
      sealed(project_id, (tx, sealer) => recordedRequests(tx, sealer, span), onceInProject),
    /** A repeat under the id of an earlier try finds what that one wrote. */
    open: async (project_id: string, judge: Judge) => {
      const opened = await opening(project_id, judge);
      if (opened.made) return 'ledger' in opened.made ? settledView(opened.made) : pendingView(opened.made);
      const standing = await view(project_id, opened.id);
      if (!standing) throw new Error('a request that was just written is not there');
      return standing;
    },
    view,
    history: (project_id: string, id: string) =>
      sealed(project_id, async (tx, sealer) => {
        const [decisions, incidents, proposal, view] = await Promise.all([
          listDecisions(tx, id),
          listIncidents(tx, id),
          readProposal(tx, sealer, id),
          viewOf(tx, sealer, id),
        ]);
        return view && { ...view, decisions, incidents, proposal: view.standing ? undefined : proposal };
      }),
    list: (
      project_id: string,
      query: ListQuery & { key_id?: string | undefined; after?: { created_at: string; id: string } | undefined },
    ) => onceInProject(pool, project_id, (tx) => listRequests(tx, query)),
    markStarted: (project_id: string, id: string) => onceInProject(pool, project_id, (tx) => markStarted(tx, id)),
    recordDecision: (project_id: string, decision: NewDecision) =>
      sealed(project_id, (tx, sealer) => insertDecision(tx, sealer, decision), onceInProject),
    screeningOf: (project_id: string, request_id: string, decision_id: string) =>
      sealed(project_id, (tx, sealer) => readScreening(tx, sealer, request_id, decision_id), onceInProject),
    proposalOf: (project_id: string, request_id: string) =>
      sealed(project_id, (tx, sealer) => readProposal(tx, sealer, request_id), onceInProject),
    execute: (project_id: string, request: RequestRecord, digest: string, approved_digest: string, by: string) =>
      inProject(pool, project_id, async (tx) => {
        if (digest !== approved_digest) {
          await insertIncident(tx, request.id, 'digest_mismatch', by);
          return { state: 'mismatch' as const };
        }
        const first = await insertExecution(tx, request, digest, by);
        if (first) return { state: 'first' as const, executed_at: first.executed_at };
        await insertIncident(tx, request.id, 'executed_twice', by);
        return { state: 'again' as const };
      }),
    createKey: (project_id: string, id: string, key: CreateKeyBody, secret_sha256: Buffer) =>
      inProject(pool, project_id, (tx) => insertKey(tx, id, key, secret_sha256)),
    listKeys: (project_id: string) => inProject(pool, project_id, listKeys),
    revokeKey: async (project_id: string, id: string) => {
      const revoked = await inProject(pool, project_id, (tx) => revokeKey(tx, id));
      keys.forget(id); // before the answer, also where the notice is late
      return revoked;
    },
  };
}
