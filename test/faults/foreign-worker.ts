import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

const { temporal } = proto;
const { CommandType, EventType, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } = temporal.api.enums.v1;
type Poll = proto.temporal.api.workflowservice.v1.IPollWorkflowTaskQueueResponse;
type Command = proto.temporal.api.command.v1.ICommand;
type Message = proto.temporal.api.protocol.v1.IMessage;

/** A value that is sent as this payload, whatever it holds. */
export class RawPayload {
  readonly payload: proto.temporal.api.common.v1.IPayload;
  constructor(payload: proto.temporal.api.common.v1.IPayload) {
    this.payload = payload;
  }
}

const POLL_AGAIN_MS = 100;
const pause = (ms: number) => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ms));

const json = (value: unknown) =>
  value instanceof RawPayload
    ? value.payload
    : { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value) ?? 'null') };
const payloads = (values: readonly unknown[]) => ({ payloads: values.map(json) });
const parsed = (found: proto.temporal.api.common.v1.IPayloads | null | undefined): unknown =>
  found?.payloads?.[0]?.data?.length ? JSON.parse(Buffer.from(found.payloads[0].data).toString()) : undefined;

/** An activity of the product, as any workflow of the namespace may schedule it. */
export interface ForeignCall {
  activity: string;
  args: readonly unknown[];
}

/** What the activity returned, or the type of its failure. */
export type ForeignResult = { returned: unknown } | { failed: string };

export interface ForeignRun {
  workflowId: string;
  workflowType: string;
  calls: readonly ForeignCall[];
  /** The queue on which the activities are scheduled. */
  taskQueue: string;
}

interface Run extends ForeignRun {
  done: (results: ForeignResult[]) => void;
}

/**
 * A worker of someone who may write to the namespace: it polls a task queue of its own over gRPC, without the SDK, and answers with
 * any commands that it wants. Its workflows may have any id and type.
 */
export interface ForeignWorker {
  /** Runs activities of the product in one workflow, all at once, and completes the workflow. */
  run(run: ForeignRun): Promise<ForeignResult[]>;
  /** Starts a workflow with this id that accepts every Update and answers it with `lie`, and never ends by itself. */
  impersonate(workflowId: string, workflowType: string, lie: unknown): Promise<void>;
  /** Starts any workflow type on any queue, replacing a running one of the same id. */
  start(workflowId: string, workflowType: string, taskQueue: string, args: readonly unknown[]): Promise<void>;
  /** Takes one workflow task from another queue and completes its workflow with `lie`. False: none came. */
  steal(taskQueue: string, workflowId: string, lie: unknown, withinMs: number): Promise<boolean>;
  /** Takes one workflow task and answers it with a timer, which the product's code never starts there: it cannot replay that history. */
  spoil(taskQueue: string, workflowId: string, withinMs: number): Promise<boolean>;
  stop(): Promise<void>;
}

export async function foreignWorker(address: string, namespace: string): Promise<ForeignWorker> {
  const connection = await Connection.connect({ address });
  // Without the SDK's retries: one that waits while its poll is aborted would use the connection after its end.
  const polling = await Connection.connect({ address, interceptors: [] });
  const service = connection.workflowService;
  const queue = `mallory-${randomUUID()}`;
  const runs = new Map<string, Run>();
  const lies = new Map<string, unknown>();
  const ended = new AbortController();
  setMaxListeners(0, ended.signal);

  const started = (workflowId: string, workflowType: string, taskQueue: string, args: readonly unknown[]) =>
    service.startWorkflowExecution({
      namespace,
      workflowId,
      workflowType: { name: workflowType },
      taskQueue: { name: taskQueue },
      input: payloads(args),
      requestId: randomUUID(),
      identity: 'mallory',
      workflowIdReusePolicy: WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
    });

  const poll = (taskQueue: string, signal: AbortSignal): Promise<Poll> =>
    polling.withAbortSignal(signal, () =>
      polling.withDeadline(Date.now() + 70_000, () =>
        polling.workflowService.pollWorkflowTaskQueue({
          namespace,
          taskQueue: { name: taskQueue },
          identity: 'mallory',
        }),
      ),
    );
  const answer = (task: Poll, commands: Command[], messages: Message[] = []) =>
    service.respondWorkflowTaskCompleted({
      namespace,
      taskToken: task.taskToken!,
      identity: 'mallory',
      commands,
      messages,
    });
  const completing = (result: unknown): Command => ({
    commandType: CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
    completeWorkflowExecutionCommandAttributes: { result: payloads([result]) },
  });

  function scheduling({ calls, taskQueue }: Run): Command[] {
    return calls.map(({ activity, args }, at) => ({
      commandType: CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
      scheduleActivityTaskCommandAttributes: {
        activityId: String(at),
        activityType: { name: activity },
        taskQueue: { name: taskQueue },
        input: payloads(args),
        scheduleToCloseTimeout: { seconds: 60 as never },
        startToCloseTimeout: { seconds: 15 as never },
        retryPolicy: { maximumAttempts: 3 },
      },
    }));
  }

  /** The results by the order of the calls; undefined while some are open. */
  function resultsOf(task: Poll, run: Run): ForeignResult[] | undefined {
    const callOf = new Map<string, number>();
    const results: ForeignResult[] = [];
    let count = 0;
    const ends = (scheduled: unknown, result: ForeignResult) => {
      results[callOf.get(String(scheduled))!] = result;
      count += 1;
    };
    for (const event of task.history?.events ?? []) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled) callOf.set(String(event.eventId), Number(scheduled.activityId));
      const done = event.activityTaskCompletedEventAttributes;
      if (done) ends(done.scheduledEventId, { returned: parsed(done.result) });
      const failed = event.activityTaskFailedEventAttributes;
      if (failed) {
        const type = failed.failure?.applicationFailureInfo?.type;
        ends(failed.scheduledEventId, { failed: type || (failed.failure?.message ?? 'failed') });
      }
      const late = event.activityTaskTimedOutEventAttributes;
      if (late) ends(late.scheduledEventId, { failed: 'timed out' });
    }
    return count === run.calls.length ? results : undefined;
  }

  /** Accepts every Update of the task and answers it with the lie. */
  function lying(task: Poll, lie: unknown): [Command[], Message[]] {
    const { Acceptance, Request, Response } = temporal.api.update.v1;
    const messages = (task.messages ?? []).flatMap((message): Message[] => {
      const request = Request.decode(message.body?.value ?? new Uint8Array(0));
      const reply = (id: string, type: string, value: Uint8Array): Message => ({
        id: `${message.id}/${id}`,
        protocolInstanceId: message.protocolInstanceId ?? null,
        body: { type_url: `type.googleapis.com/temporal.api.update.v1.${type}`, value },
      });
      return [
        reply(
          'accepted',
          'Acceptance',
          Acceptance.encode({
            acceptedRequestMessageId: message.id ?? null,
            acceptedRequestSequencingEventId: message.eventId ?? null,
            acceptedRequest: request,
          }).finish(),
        ),
        reply(
          'answered',
          'Response',
          Response.encode({ meta: request.meta ?? null, outcome: { success: payloads([lie]) } }).finish(),
        ),
      ];
    });
    const commands = messages.map(({ id }) => ({
      commandType: CommandType.COMMAND_TYPE_PROTOCOL_MESSAGE,
      protocolMessageCommandAttributes: { messageId: id ?? null },
    }));
    return [commands, messages];
  }

  async function serve(task: Poll): Promise<void> {
    const id = task.workflowExecution?.workflowId ?? '';
    if (lies.has(id)) {
      await answer(task, ...lying(task, lies.get(id)));
      return;
    }
    const run = runs.get(id);
    if (!run) {
      await answer(task, []);
      return;
    }
    const isScheduled = task.history?.events?.some(
      ({ eventType }) => eventType === EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
    );
    if (!isScheduled) {
      await answer(task, scheduling(run));
      return;
    }
    const results = resultsOf(task, run);
    await answer(task, results ? [completing(null)] : []);
    if (results) {
      runs.delete(id);
      run.done(results);
    }
  }

  /** Answers the tasks of another queue with these commands, until that of the wanted workflow came. */
  async function taken(taskQueue: string, workflowId: string, commands: Command[], withinMs: number): Promise<boolean> {
    const over = AbortSignal.timeout(withinMs);
    setMaxListeners(0, over);
    while (!over.aborted) {
      const task = await poll(taskQueue, over).catch(() => pause(POLL_AGAIN_MS));
      if (!task?.taskToken?.length) continue;
      const isWanted = task.workflowExecution?.workflowId === workflowId;
      await answer(task, commands).catch(() => {});
      if (isWanted) return true;
    }
    return false;
  }

  const loop = async () => {
    while (!ended.signal.aborted) {
      const task = await poll(queue, ended.signal).catch(() => pause(POLL_AGAIN_MS));
      if (task?.taskToken?.length) await serve(task).catch(() => {}); // a terminated workflow: its task is gone
    }
  };
  const loops = [loop(), loop(), loop(), loop()];

  return {
    async run(run) {
      const results = new Promise<ForeignResult[]>((done) => runs.set(run.workflowId, { ...run, done }));
      await started(run.workflowId, run.workflowType, queue, []);
      return results;
    },
    async impersonate(workflowId, workflowType, lie) {
      lies.set(workflowId, lie);
      await started(workflowId, workflowType, queue, []);
    },
    async start(workflowId, workflowType, taskQueue, args) {
      await started(workflowId, workflowType, taskQueue, args);
    },
    steal: (taskQueue, workflowId, lie, withinMs) => taken(taskQueue, workflowId, [completing(lie)], withinMs),
    spoil: (taskQueue, workflowId, withinMs) =>
      taken(
        taskQueue,
        workflowId,
        [
          {
            commandType: CommandType.COMMAND_TYPE_START_TIMER,
            startTimerCommandAttributes: { timerId: 'mallory', startToFireTimeout: { seconds: 1 as never } },
          },
        ],
        withinMs,
      ),
    async stop() {
      ended.abort();
      await Promise.all(loops);
      await Promise.all([connection.close(), polling.close()]);
    },
  };
}
