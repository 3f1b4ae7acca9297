import type { Pool } from 'pg';
import type { ListQuery } from '../contracts/approval-request.ts';
import type { CreateKeyBody } from '../contracts/key.ts';
import type { Policy } from '../contracts/policy.ts';
import type { Settled } from '../contracts/workflow.ts';
import type { Keyring, Sealer } from '../crypto/keyring.ts';
import type { DecisionRecord, RequestRow } from '../domain/approval/record.ts';
import { insertKey, listKeys, revokeKey } from './api-keys.ts';
import { insertRequest, listRequests, markStarted, type NewRequest, readRequest } from './approval-requests.ts';
import { insertDecision, listDecisions, readScreening, readStanding } from './decisions.ts';
import { insertExecution, readExecution } from './executions.ts';
import { insertIncident, listIncidents } from './incidents.ts';
import { type OpenEntry, settleOnce } from './ledger.ts';
import { currentPolicy, insertPolicy } from './policies.ts';
import { inProject, type Transaction } from './transaction.ts';

/** How the firewall's own outcome is settled inside the transaction that opens a request. */
export type SettleWith = (entry: OpenEntry) => Promise<Settled>;

async function viewOf(tx: Transaction, sealer: Sealer, id: string) {
  const request = await readRequest(tx, sealer, id);
  if (!request) return undefined;
  const standing = request.status === 'pending' ? undefined : await readStanding(tx, sealer, id);
  const execution = standing?.outcome.status === 'approved' ? await readExecution(tx, id) : undefined;
  return { request, standing, executed_at: execution?.executed_at, executed_by: execution?.reported_by };
}

/** What the api's operations are given: each call one transaction inside the project. */
export function approvalStore(pool: Pool, keyring: Keyring) {
  const sealed = async <T>(project_id: string, work: (tx: Transaction, sealer: Sealer) => Promise<T>): Promise<T> => {
    const sealer = await keyring.sealer(project_id);
    return inProject(pool, project_id, (tx) => work(tx, sealer));
  };
  return {
    policy: (project_id: string) => inProject(pool, project_id, currentPolicy),
    putPolicy: (project_id: string, policy: Policy, by: string) =>
      inProject(pool, project_id, (tx) => insertPolicy(tx, policy, by)),
    open: (project_id: string, request: NewRequest, settle: SettleWith | undefined) =>
      sealed(project_id, async (tx, sealer) => {
        await insertRequest(tx, sealer, request);
        if (settle) await settleOnce(tx, request.id, settle);
        const view = await viewOf(tx, sealer, request.id);
        if (!view) throw new Error('a request that was just written is not there');
        return view;
      }),
    view: (project_id: string, id: string) => sealed(project_id, (tx, sealer) => viewOf(tx, sealer, id)),
    history: (project_id: string, id: string) =>
      sealed(project_id, async (tx, sealer) => {
        const view = await viewOf(tx, sealer, id);
        return view && { ...view, decisions: await listDecisions(tx, id), incidents: await listIncidents(tx, id) };
      }),
    list: (
      project_id: string,
      query: ListQuery & { key_id?: string | undefined; after?: { created_at: string; id: string } | undefined },
    ) => inProject(pool, project_id, (tx) => listRequests(tx, query)),
    markStarted: (project_id: string, id: string) => inProject(pool, project_id, (tx) => markStarted(tx, id)),
    recordDecision: (project_id: string, decision: Omit<DecisionRecord, 'created_at'>) =>
      sealed(project_id, (tx, sealer) => insertDecision(tx, sealer, decision)),
    screeningOf: (project_id: string, request_id: string, decision_id: string) =>
      sealed(project_id, (tx, sealer) => readScreening(tx, sealer, request_id, decision_id)),
    execute: (project_id: string, request: RequestRow, digest: string, approved_digest: string, by: string) =>
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
    revokeKey: (project_id: string, id: string) => inProject(pool, project_id, (tx) => revokeKey(tx, id)),
  };
}
