import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { openDataDir, rememberPorts } from '../../cli/services/data-dir.ts';
import { type System, startSystem } from '../../cli/services/system.ts';
import { CLAIM_HEADER } from '../../contracts/claim-header.ts';
import type { ApprovalInput, DecisionRef } from '../../contracts/workflow.ts';
import { newId } from '../../crypto/ids.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { withPayload } from '../../domain/approval/kept-payload.ts';
import type { UnsealedRequest } from '../../domain/approval/record.ts';
import { payloadDigest, saltText } from '../../domain/digest.ts';
import { apiStores } from '../../storage/api-stores.ts';
import { createPool } from '../../storage/db/pool.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { expectStatus, send } from './http.ts';
import { type Child, startOwn } from './processes.ts';
import { pause } from './timing.ts';

export const ALLOWED_SERVICE = 'bench-reports';
export const HELD_SERVICE = 'bench-billing';
export const EMPTY_QUEUE = 'bench-empty';
export const REGULAR_QUEUE = 'bench-regular';
const OUR_QUEUE = 'letsping-approvals';
const OWNER = 'bench-approver';
const FAILED_PRECONDITION = 9;
const DAY_MS = 24 * 60 * 60 * 1_000;

const NOTE = 'The customer was charged twice for the order of last week, and asks to have one of the two back. '.repeat(
  9,
);
const claim = () => ({ [CLAIM_HEADER]: randomBytes(32).toString('base64url') });
/** About 1 KB of JSON, as a tool call has it. */
const payload = () => ({ customer: `cus_${randomBytes(6).toString('hex')}`, amount_cents: 4_200, note: NOTE });
export const bodyFor = (service: string) => ({ service, action: 'refund', payload: payload(), priority: 'medium' });

export interface Opened {
  id: string;
  payload_digest: string;
}

export type Flow = 'bare' | 'ours' | 'regular' | 'empty';
const TYPE: Record<Flow, string> = {
  bare: 'bareV1',
  ours: 'approvalV1',
  regular: 'regularSettleV1',
  empty: 'approvalV1',
};
const QUEUE: Record<Flow, string> = { bare: EMPTY_QUEUE, ours: OUR_QUEUE, regular: REGULAR_QUEUE, empty: EMPTY_QUEUE };

export type BenchSystem = Awaited<ReturnType<typeof startBench>>;

/** A whole system in a temporary folder, with the bench's own workers and the plain route. */
export async function startBench(env: NodeJS.ProcessEnv, progress: (line: string) => void, signal: AbortSignal) {
  const folder = mkdtempSync(join(tmpdir(), 'letsping-bench-'));
  // As in a deployment limits are counted, and no call of the bench reaches one.
  const own: NodeJS.ProcessEnv = {
    LETSPING_LIMIT_REQUESTS_PER_KEY: '10000000',
    LETSPING_LIMIT_REQUESTS_PER_PROJECT: '10000000',
    ...env,
    LETSPING_TASK_QUEUE: OUR_QUEUE,
  };
  const base = 20_000 + Math.floor(Math.random() * 10_000);
  const dataDir = openDataDir({ ...own, LETSPING_DATA_DIR: folder });
  rememberPorts(dataDir, { postgres: base, temporal: base + 1, temporal_ui: base + 2, api: base + 3 });
  const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  let stopped: Promise<void> | undefined;
  const stopAll = async () => {
    for (const close of closing.splice(0).reverse())
      await Promise.resolve()
        .then(close)
        .catch(() => {});
  };
  /** A second call waits for the first, so that no process outlives the bench. */
  const stop = () => {
    stopped ??= stopAll();
    return stopped;
  };
  try {
    const system: System = await startSystem({ env: own, dataDir: folder, progress, quiet: true, signal });
    closing.push(() => system.stop());
    signal.throwIfAborted();
    const children = {} as Record<'empty' | 'regular' | 'plain', Child>;
    // The plain route connects as the database's owner, because it creates its own table.
    const plainEnv = { ...system.program_env, DATABASE_URL: system.database_url };
    children.plain = await startOwn('plain-route', [], plainEnv);
    closing.push(() => children.plain.stop());
    await Promise.all(
      (
        [
          ['empty', EMPTY_QUEUE],
          ['regular', REGULAR_QUEUE],
        ] as const
      ).map(async ([kind, queue]) => {
        children[kind] = await startOwn('worker', [queue, kind], system.program_env);
        closing.push(() => children[kind].stop());
      }),
    );
    const pool = createPool(system.program_env['DATABASE_URL']!);
    closing.push(() => pool.end());
    const owner = new pg.Pool({ connectionString: system.database_url, max: 2 });
    closing.push(() => owner.end());
    const connection = await Connection.connect({ address: system.temporal_address });
    closing.push(() => connection.close());
    const client = new Client({ connection, namespace: system.temporal_namespace });
    const keyring = createKeyring(parseRootKey(system.program_env['LETSPING_ROOT_KEY']!), storedKeys(pool));
    const stores = apiStores(pool, keyring);
    const silent = apiStores(pool, keyring, undefined, { add: () => {}, end: async () => {} });

    const policy = { default_routing: 'review_all', routes: [{ service: ALLOWED_SERVICE, routing: 'observe' }] };
    await expectStatus(send('PUT', `${system.api_url}/policy?reason=bench`, system.admin_api_key, policy), 200);

    /** Inserts a held request without HTTP and without its workflow; marked as started, so that the reconciler does not start it. */
    const openWith = async (stores: ReturnType<typeof apiStores>): Promise<UnsealedRequest> => {
      const salt = randomBytes(32);
      const action = bodyFor(HELD_SERVICE);
      const id = newId('req');
      const { inForce, now } = await stores.opening.screeningBasis(system.project_id);
      const inserted = await stores.opening.insert(
        system.project_id,
        {
          id,
          service: action.service,
          action: action.action,
          priority: 'medium',
          payload: action.payload,
          salt: saltText(salt),
          metadata: {},
          context: {},
          findings: [],
          finding_ids: [],
          verdict: 'hold',
          held_by: 'policy',
          requested_by: 'bench-agent',
          key_id: 'key_bench',
          thread_id: null,
          node: null,
          payload_digest: payloadDigest(salt, {
            service: action.service,
            action: action.action,
            payload: action.payload,
          }),
          policy_version: inForce.version,
          policy_digest: inForce.digest,
          accept_unsigned_signals: false,
          expires_in_ms: DAY_MS,
        },
        now(),
        undefined,
      );
      if (inserted.state !== 'written') throw new Error(`not written: ${inserted.state}`);
      const { request } = inserted.view;
      await stores.workflowStarts.markStarted({ project_id: system.project_id, request_id: id });
      return withPayload(request);
    };
    const openRow = () => openWith(stores);
    const inputOf = (request: UnsealedRequest): ApprovalInput => ({
      project_id: request.project_id,
      request_id: request.id,
      payload_digest: request.payload_digest,
      requested_by: request.requested_by,
      expires_at_ms: request.expires_at.getTime(),
      accept_unsigned_signals: false,
    });
    const bareInput = (): ApprovalInput => ({
      project_id: system.project_id,
      request_id: newId('req'),
      payload_digest: `sha256:${'a'.repeat(64)}`,
      requested_by: 'bench-agent',
      expires_at_ms: Date.now() + DAY_MS,
      accept_unsigned_signals: false,
    });
    const workflowId = (flow: Flow, input: ApprovalInput) =>
      `${flow === 'ours' ? 'approval' : `bench-${flow}`}/${input.request_id}`;

    return {
      ...system,
      children,
      client,
      owner,
      openRow,
      postgresLog: join(folder, 'logs', 'postgres.log'),
      /** As `openRow`, without notices. */
      openSilently: () => openWith(silent),
      stop,
      plainUrl: `http://127.0.0.1:${children.plain.said}/rows`,
      workflowId,
      /** The input of a flow; flows that really settle get a request row. */
      prepare: async (flow: Flow): Promise<ApprovalInput> =>
        flow === 'ours' || flow === 'regular' ? inputOf(await openRow()) : bareInput(),
      start: (flow: Flow, input: ApprovalInput) =>
        client.workflow.start(TYPE[flow], {
          workflowId: workflowId(flow, input),
          taskQueue: QUEUE[flow],
          args: [input],
          workflowTaskTimeout: '5s',
          ...(flow === 'ours' && {
            workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
            workflowIdConflictPolicy: 'USE_EXISTING' as const,
          }),
        }),
      /** Inserts the decision row that `settle` reads, and returns its reference. */
      decisionFor: async (flow: Flow, input: ApprovalInput): Promise<DecisionRef> => {
        const decision_id = newId('dec');
        const decision = { type: 'approve' as const, actor: OWNER, payload_digest: input.payload_digest };
        if (flow === 'ours' || flow === 'regular')
          await stores.decisions.recordDecision(system.project_id, {
            ...decision,
            id: decision_id,
            request_id: input.request_id,
            channel: 'api',
            key_made_by: null,
            patched_digest: null,
          });
        return { ...decision, decision_id };
      },
      /** On an overloaded machine a first task can time out and is repeated; then the Update is repeated too, as by the API. */
      decide: async (flow: Flow, input: ApprovalInput, decision: DecisionRef): Promise<void> => {
        const handle = client.workflow.getHandle(workflowId(flow, input));
        for (let tries = 0; ; tries++) {
          try {
            await handle.executeUpdate('decide', { args: [decision] });
            return;
          } catch (error) {
            if (((error as Error).cause as { code?: number })?.code !== FAILED_PRECONDITION || tries === 50)
              throw error;
            await pause(100);
          }
        }
      },
      ingest: (service: string) =>
        expectStatus<Opened>(send('POST', `${system.api_url}/ingest`, system.agent_api_key, bodyFor(service)), 201),
      /** The same, with a claim of the permit in its own statement. */
      ingestClaimed: (service: string) =>
        expectStatus<Opened>(
          send('POST', `${system.api_url}/ingest`, system.agent_api_key, { ...bodyFor(service), claim: true }, claim()),
          201,
        ),
      /** Retries on 503, as clients do; returns the number of retries. */
      decideByHttp: async (id: string, payload_digest: string): Promise<number> => {
        const url = `${system.api_url}/approval-requests/${id}/decisions`;
        for (let tries = 0; ; tries++) {
          const answer = await send('POST', url, system.approver_api_key, { type: 'approve', payload_digest });
          if ([200, 201, 202].includes(answer.status)) return tries;
          if (answer.status !== 503 || tries === 20) await expectStatus(Promise.resolve(answer), 201);
          await pause(250);
        }
      },
      status: (id: string) => expectStatus(send('GET', `${system.api_url}/status/${id}`, system.agent_api_key), 200),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
