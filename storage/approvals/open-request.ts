import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import type { PolicyVersion } from '../../contracts/policy.ts';
import type { Settled } from '../../contracts/workflow.ts';
import type { Keyring } from '../../crypto/keyring.ts';
import type { LedgerEntry, RecordedSpan, ThreadSpan } from '../../domain/approval/ports.ts';
import type { LedgerRecord, NewRequest, UnsealedRequest } from '../../domain/approval/record.ts';
import { DomainError } from '../../domain/errors.ts';
import type { EventBatcher } from '../db/event-batcher.ts';
import { clock, inProject, onceInProject, type Transaction } from '../db/transaction.ts';
import { threadContexts } from '../threads/thread-contexts.ts';
import { insertRequest, readRequestRow } from './approval-requests.ts';
import { insertSettledRequest } from './insert-settled-request.ts';
import { currentPolicy } from './policies.ts';
import { recordedRequests } from './recorded-requests.ts';

export interface Judged {
  request: NewRequest;
  /** How the firewall's own outcome is settled in the statement that opens the request. */
  settle?: ((entry: LedgerEntry) => Promise<Settled>) | undefined;
}
/** Called with the policy in force and readers of what was asked before; again when the policy changed meanwhile. */
export type Judge = (
  policy: PolicyVersion,
  readEarlier: (span: RecordedSpan) => ReturnType<typeof recordedRequests>,
  readThread: (span: ThreadSpan) => ReturnType<typeof threadContexts>,
) => Judged | Promise<Judged>;

/** What the last look at a project said. */
interface Remembered {
  policy: PolicyVersion;
  /** The database's clock minus this process's monotonic one. */
  ahead_ms: number;
}

const KEEP_MS = 5_000;
const MOST_PROJECTS = 10_000;
/** More than one only where a policy was put while it judged. */
const TRIES = 5;

/**
 * Opens a request in one round trip: it is judged by the policy as last seen, and the statement that writes it refuses when
 * another version is in force by now, or the time it was given is not the database's. So what is remembered here can be
 * old, and never counts when it is: a policy that was tightened holds from its commit on, in every process.
 */
export function createOpening(pool: Pool, keyring: Keyring, notices: EventBatcher) {
  const recent = new LRUCache<string, Remembered>({ max: MOST_PROJECTS, ttl: KEEP_MS });
  const look = async (project_id: string): Promise<Remembered> => {
    const [policy, now] = await inProject(pool, project_id, (tx) =>
      Promise.all([currentPolicy(tx), clock({ ...tx, query: tx.last })]),
    );
    const seen = { policy, ahead_ms: now.getTime() - performance.now() };
    recent.set(project_id, seen);
    return seen;
  };
  /** The request as written, with its ledger row when it was settled; only the id of one that stood there before. */
  return async (
    project_id: string,
    judge: Judge,
  ): Promise<{
    id: string;
    made: UnsealedRequest | { request: UnsealedRequest; ledger: LedgerRecord } | undefined;
  }> => {
    const sealer = await keyring.sealer(project_id);
    const once = <T>(work: (tx: Transaction) => Promise<T>) => onceInProject(pool, project_id, work);
    for (let tries = 1; ; tries++) {
      const { policy, ahead_ms } = recent.get(project_id) ?? (await look(project_id));
      const { request, settle } = await judge(
        policy,
        (span) => once((tx) => recordedRequests(tx, sealer, span)),
        (span) => once((tx) => threadContexts(tx, sealer, span)),
      );
      const now = new Date(Math.floor(performance.now() + ahead_ms));
      const made = settle
        ? await insertSettledRequest(pool, sealer, request, settle, { policy_version: policy.version, now })
        : await insertRequest(once, sealer, request, policy.version);
      if (made && 'ledger' in made) notices.add(made.request);
      // Nothing written: a row stands under its id already, or what was remembered is not so any more.
      if (made || (await once((tx) => readRequestRow(tx, request.id)))) return { id: request.id, made };
      recent.delete(project_id);
      if (tries === TRIES)
        throw new DomainError(
          'policy_changing',
          'The policy changed each time this action was judged. Nothing was written; try again.',
          { retry_after: 1 },
        );
    }
  };
}
