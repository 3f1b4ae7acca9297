import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { ANSWERED_SIGNAL, RESUME_WORKFLOW, resumeWorkflowId } from '../../../contracts/workflow.ts';
import { type ResumeWorkerOptions, resumeWorker } from '../../../integrations/langgraph/index.ts';
import type { ResumeResult } from '../../../workflows/resume-thread.ts';
import type { Approvals } from './approvals.ts';
import type { Ground } from './fixtures.ts';

export interface Running {
  client: Client;
  queues: { workflows: string; team: string };
  connection: NativeConnection;
  /** Starts a resume worker on the team's queue. It is stopped at the end. */
  resume(
    graphs: ResumeWorkerOptions['graphs'],
    options?: Partial<ResumeWorkerOptions>,
  ): { shutdown(): void; done: Promise<void> };
  /** Decides, delivers, and waits for the thread's workflow. */
  answered(
    lp: Approvals,
    ground: Ground,
    thread_id: string,
    request_ids: string[],
    team?: string,
  ): Promise<ResumeResult>;
  /** Starts a workflow per interrupt, so that only the lease on the thread serialises them. */
  apart(
    lp: Approvals,
    ground: Ground,
    thread_id: string,
    graph: string,
    interrupt_ids: string[],
    team?: string,
  ): Promise<ResumeResult[]>;
  stop(): Promise<void>;
}

/** The run's Temporal, with a worker for `resumeThreadV1` on its own queue. */
export async function createRunning(): Promise<Running> {
  const address = inject('temporalAddress');
  const namespace = inject('temporalNamespace');
  const name = randomBytes(4).toString('hex');
  const queues = { workflows: `workflows-${name}`, team: `team-${name}` };
  const connection = await NativeConnection.connect({ address });
  const clientConnection = await Connection.connect({ address });
  const client = new Client({ connection: clientConnection, namespace });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: queues.workflows,
    workflowsPath: fileURLToPath(new URL('../../../workflows/resume-thread.ts', import.meta.url)),
  });
  const workflows = worker.run();
  const teams: { shutdown(): void; done: Promise<void> }[] = [];
  return {
    client,
    queues,
    connection,
    resume(graphs, options = {}) {
      const team = resumeWorker({ graphs, connection, namespace, taskQueue: queues.team, ...options });
      const running = { shutdown: () => team.shutdown(), done: team.run() };
      teams.push(running);
      return running;
    },
    async answered(lp, ground, thread_id, request_ids, team = queues.team) {
      for (const request_id of request_ids) await lp.deliver(client, request_id, { ...queues, team });
      const sealer = await ground.keyring.sealer(lp.project_id);
      return client.workflow.getHandle(resumeWorkflowId(lp.project_id, sealer.pseudonym('thread', thread_id))).result();
    },
    async apart(lp, ground, thread_id, graph, interrupt_ids, team = queues.team) {
      const thread_key = (await ground.keyring.sealer(lp.project_id)).pseudonym('thread', thread_id);
      return Promise.all(
        interrupt_ids.map(async (interrupt_id) => {
          const handle = await client.workflow.signalWithStart(RESUME_WORKFLOW, {
            workflowId: `apart/${crypto.randomUUID()}`,
            taskQueue: queues.workflows,
            signal: ANSWERED_SIGNAL,
            signalArgs: [interrupt_id],
            args: [{ project_id: lp.project_id, thread_key, graph, task_queue: team }],
          });
          return handle.result() as Promise<ResumeResult>;
        }),
      );
    },
    async stop() {
      for (const team of teams) team.shutdown();
      await Promise.all(teams.map(({ done }) => done));
      worker.shutdown();
      await workflows;
      await connection.close();
      await clientConnection.close();
    },
  };
}
