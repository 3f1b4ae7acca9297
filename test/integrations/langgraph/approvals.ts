import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { decisionOf } from '../../../client/decision.ts';
import type { IngestAnswer } from '../../../contracts/approval-request.ts';
import type { OutcomeStatus } from '../../../contracts/decision.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import type { Verdict } from '../../../contracts/verdict.ts';
import { ANSWERED_SIGNAL, RESUME_WORKFLOW, resumeWorkflowId } from '../../../contracts/workflow.ts';
import { newId } from '../../../crypto/ids.ts';
import type { Keyring } from '../../../crypto/keyring.ts';
import { createSigner, type Signer } from '../../../crypto/signing.ts';
import { withPayload } from '../../../domain/approval/kept-payload.ts';
import { payloadDigest, saltText } from '../../../domain/digest.ts';
import { statementOf } from '../../../domain/receipt/statement.ts';
import type { ApprovalClient } from '../../../integrations/langgraph/client.ts';
import { readRequest } from '../../../storage/approvals/approval-requests.ts';
import { insertDecision } from '../../../storage/approvals/decisions.ts';
import { insertRequest } from '../../../storage/approvals/insert-request.ts';
import { settleOnce } from '../../../storage/approvals/ledger.ts';
import { readResolution } from '../../../storage/approvals/resolution.ts';
import { inProject } from '../../../storage/db/transaction.ts';
import { currentIssuerKey } from '../../../storage/keys/issuer-keys.ts';
import { interruptOfRequest } from '../../../storage/threads/interrupt-of-request.ts';

export interface Ruling {
  status: OutcomeStatus;
  patch?: JsonObject;
  reason?: string;
}

/** A server of one project without HTTP and workflows. Requests, ledger and outbox are the real ones. */
export class Approvals implements ApprovalClient {
  readonly opened: { id: string; service: string; action: string; payload: JsonObject }[] = [];
  /** The policy's verdict on an action. */
  verdict: (action: string) => Verdict = () => 'hold';
  /** Runs after a request is opened and before its answer. */
  afterOpen: (id: string) => Promise<unknown> = async () => {};
  readonly #byKey = new Map<string, IngestAnswer>();
  readonly #pool: pg.Pool;
  readonly #keyring: Keyring;
  #signer: Promise<Signer> | undefined;
  readonly project_id: string;
  readonly decisionOf = decisionOf;

  constructor(pool: pg.Pool, keyring: Keyring, project_id: string) {
    this.#pool = pool;
    this.#keyring = keyring;
    this.project_id = project_id;
  }

  async open({
    service,
    action,
    payload,
    context,
    idempotencyKey = randomBytes(8).toString('hex'),
  }: Parameters<ApprovalClient['open']>[0]): Promise<IngestAnswer> {
    const replayed = this.#byKey.get(idempotencyKey);
    if (replayed) return replayed;
    const id = newId('req');
    const salt = randomBytes(32);
    const payload_digest = payloadDigest(salt, { service, action, payload });
    const sealer = await this.#keyring.sealer(this.project_id);
    const verdict = this.verdict(action);
    await inProject(this.#pool, this.project_id, (tx) =>
      insertRequest(
        tx,
        sealer,
        {
          id,
          service,
          action,
          priority: 'medium',
          verdict,
          held_by: verdict === 'hold' ? 'policy' : null,
          finding_ids: [],
          requested_by: 'agent-owner',
          key_id: 'key_test',
          thread_id: context?.thread_id ?? null,
          node: context?.node ?? null,
          payload_digest,
          policy_version: 0,
          policy_digest: 'none',
          accept_unsigned_signals: false,
          payload,
          salt: saltText(salt),
          metadata: {},
          context: context ?? {},
          findings: [],
          expires_in_ms: 3_600_000,
        },
        new Date(),
      ),
    );
    if (verdict !== 'hold')
      await this.decide(id, { status: verdict === 'allow' ? 'approved' : 'rejected' }, 'firewall');
    this.opened.push({ id, service, action, payload });
    const answer: IngestAnswer = {
      id,
      verdict,
      payload_digest,
      status: verdict === 'hold' ? 'PENDING' : verdict === 'allow' ? 'APPROVED' : 'REJECTED',
      findings: [],
      held_by: verdict === 'hold' ? 'policy' : null,
      digest_salt: saltText(salt),
      expires_at: new Date().toISOString(),
      triage_url: '',
      uploadUrl: null,
      dek: null,
      outcome: verdict === 'hold' ? null : { status: verdict === 'allow' ? 'approved' : 'rejected', cause: 'firewall' },
    };
    this.#byKey.set(idempotencyKey, answer);
    await this.afterOpen(id);
    return answer;
  }

  async getStatus(id: string) {
    const sealer = await this.#keyring.sealer(this.project_id);
    return inProject(this.#pool, this.project_id, async (tx) => {
      const found = await readRequest(tx, sealer, id);
      const request = found && withPayload(found);
      const resolution = (await readResolution(tx, sealer, id))?.view;
      if (!request) throw new Error('no such request');
      return {
        id,
        service: request.service,
        action: request.action,
        status: resolution
          ? resolution.outcome.status === 'approved'
            ? ('APPROVED' as const)
            : ('REJECTED' as const)
          : ('PENDING' as const),
        payload: request.payload,
        ...(resolution?.patched_payload && { patched_payload: resolution.patched_payload }),
        metadata: {},
        payload_digest: resolution?.payload_digest ?? request.payload_digest,
        digest_salt: resolution?.digest_salt ?? request.salt,
        expires_at: request.expires_at.toISOString(),
        outcome: resolution?.outcome ?? null,
      };
    });
  }

  /** Closes a request, as `settle` does. Returns the ids of the deliveries that it added to the outbox. */
  async decide(
    id: string,
    { status, patch, reason }: Ruling,
    cause: 'person' | 'firewall' = 'person',
  ): Promise<string[]> {
    const sealer = await this.#keyring.sealer(this.project_id);
    this.#signer ??= currentIssuerKey(this.#pool, this.#keyring).then(createSigner);
    const signer = this.#signer;
    return inProject(this.#pool, this.project_id, async (tx) => {
      const request = await readRequest(tx, sealer, id);
      if (!request) throw new Error('no such request');
      const decision_id = newId('dec');
      const salt = randomBytes(32);
      const patched_digest = patch ? payloadDigest(salt, { ...request, payload: patch }) : null;
      if (cause === 'person') {
        await insertDecision(tx, sealer, {
          id: decision_id,
          request_id: id,
          type: patch ? 'patch' : status === 'approved' ? 'approve' : 'reject',
          actor: 'ana',
          channel: 'api',
          key_made_by: null,
          payload_digest: request.payload_digest,
          patched_digest,
          ...(patch && { patched_payload: patch, salt: saltText(salt) }),
          ...(reason && { reason }),
        });
      }
      const settled = await settleOnce(tx, sealer, id, async ({ now, write }) => {
        const payload_digest = patched_digest ?? request.payload_digest;
        const row = {
          request_id: id,
          status,
          cause,
          payload_digest,
          decision_id: cause === 'person' ? decision_id : null,
          actor: cause === 'person' ? 'ana' : null,
          channel: cause === 'person' ? ('api' as const) : ('firewall' as const),
          verified: true,
          resolved_at: now,
        };
        const receipt = await (await signer).sign(statementOf(request, row));
        const delivery_ids = await write({ receipt, ...row });
        return { resolution: { status, cause, payload_digest }, delivery_ids };
      });
      return settled?.delivery_ids ?? [];
    });
  }

  deliveries(): Promise<{ id: string; request_id: string }[]> {
    return inProject(this.#pool, this.project_id, (tx) =>
      tx.query<{ id: string; request_id: string }>('select id, request_id from deliveries where project_id = $1', [
        this.project_id,
      ]),
    );
  }

  /** Like the activity `deliver`: signals the thread's workflow when every request of the interrupt is closed. */
  async deliver(client: Client, request_id: string, queues: { workflows: string; team: string }): Promise<boolean> {
    const sealer = await this.#keyring.sealer(this.project_id);
    const link = await inProject(this.#pool, this.project_id, (tx) => interruptOfRequest(tx, sealer, request_id));
    if (!link?.all_closed) return false;
    const thread_key = sealer.pseudonym('thread', link.thread_id);
    await client.workflow.signalWithStart(RESUME_WORKFLOW, {
      workflowId: resumeWorkflowId(this.project_id, thread_key),
      taskQueue: queues.workflows,
      signal: ANSWERED_SIGNAL,
      signalArgs: [link.interrupt_id],
      args: [{ project_id: this.project_id, thread_key, graph: link.graph, task_queue: queues.team }],
    });
    return true;
  }
}
