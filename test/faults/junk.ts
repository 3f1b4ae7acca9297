import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

type Payload = proto.temporal.api.common.v1.IPayload;
const { ExternalStorageReference } = proto.temporal.api.sdk.v1;

const text = (value: string) => new TextEncoder().encode(value);
const payload = (encoding: string, data: string, more: Record<string, string> = {}): Payload => ({
  metadata: {
    encoding: text(encoding),
    ...Object.fromEntries(Object.entries(more).map(([name, value]) => [name, text(value)])),
  },
  data: text(data),
});
export const json = (value: unknown): Payload => payload('json/plain', JSON.stringify(value));

const REFERENCE = { messageType: 'temporal.api.sdk.v1.ExternalStorageReference' };
const reference = ExternalStorageReference.create({ driverName: 'team.s3', claimData: { key: 'a' } });
/** All kinds under all names stay below 4 MB, the most that a client reads of a history at once. */
const LARGE = 20_000;
const HUGE = 200_000;
const DEEP = 50_000;

/** Values that a bot with a bug or an attacker sends. Undefined: a message without input. */
export const JUNK: Record<string, Payload[] | undefined> = {
  'no input': undefined,
  'an empty input': [],
  'two values': [json({}), payload('binary/encrypted', 'x')],
  encrypted: [payload('binary/encrypted', 'not for us', { 'encryption-key-id': 'another' })],
  protobuf: [payload('json/protobuf', '{}', { messageType: 'team.Decision' })],
  'an external reference': [payload('json/protobuf', JSON.stringify(reference), REFERENCE)],
  'a broken external reference': [payload('json/protobuf', '{', REFERENCE)],
  'bad JSON': [payload('json/plain', '{"type":')],
  'JSON without bytes': [{ metadata: { encoding: text('json/plain') } }],
  'no encoding': [{ metadata: { other: text('x') }, data: text('{}') }],
  'no metadata': [{ data: text('{}') }],
  bytes: [payload('binary/plain', 'x'.repeat(LARGE))],
  'a huge text': [json('x'.repeat(HUGE))],
  'a long list': [json(Array.from({ length: LARGE }, () => 0))],
  'many members': [json(Object.fromEntries(Array.from({ length: LARGE / 20 }, (_, at) => [`m${at}`, at])))],
  'deep JSON': [payload('json/plain', '['.repeat(DEEP) + ']'.repeat(DEEP))],
  null: [json(null)],
  'a number': [json(7)],
  'a list': [json([{ type: 'approve' }])],
  'wrong types': [json({ decision_id: {}, type: ['approve'], actor: 1, payload_digest: null })],
};

/** Every name that has a handler, others, and names that the SDK reserves. */
export const SIGNAL_NAMES = [
  'decide',
  'decide_recorded',
  'cancel_recorded',
  'approve',
  '__temporal_x',
  '__stack_trace',
];

const SMALL = 10_000;
const headerOf = (found: Payload[] | undefined): Payload => {
  const [first] = found ?? [];
  return first && (first.data?.length ?? 0) < SMALL ? first : payload('binary/encrypted', 'x');
};
const inputOf = (found: Payload[] | undefined) => (found ? { input: { payloads: found } } : {});

/** Sends a Signal with exactly these payloads and a header of the same kind, past the converter of the client. */
export const sendSignal = async (
  { workflowService, options }: Client,
  workflowId: string,
  signalName: string,
  found: Payload[] | undefined,
): Promise<void> => {
  await workflowService.signalWorkflowExecution({
    namespace: options.namespace,
    workflowExecution: { workflowId },
    signalName,
    ...inputOf(found),
    header: { fields: { junk: headerOf(found) } },
    identity: 'buggy-bot',
  });
};

/** The failure of an Update with exactly these payloads. Undefined: it succeeded, or was not taken in time. */
export async function sendUpdate(
  { workflowService, options }: Client,
  workflowId: string,
  name: string,
  found: Payload[] | undefined,
): Promise<proto.temporal.api.failure.v1.IFailure | undefined> {
  const answer = await workflowService.updateWorkflowExecution({
    namespace: options.namespace,
    workflowExecution: { workflowId },
    waitPolicy: {
      lifecycleStage:
        proto.temporal.api.enums.v1.UpdateWorkflowExecutionLifecycleStage
          .UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED,
    },
    request: {
      meta: { identity: 'buggy-bot' },
      input: { name, ...(found && { args: { payloads: found } }) },
    },
  });
  return answer.outcome?.failure ?? undefined;
}

/** Sends a Query with exactly these payloads. @throws the server's error if the query fails */
export const sendQuery = async (
  { workflowService, options }: Client,
  workflowId: string,
  queryType: string,
  found: Payload[] | undefined,
): Promise<void> => {
  await workflowService.queryWorkflow({
    namespace: options.namespace,
    execution: { workflowId },
    query: { queryType, ...(found && { queryArgs: { payloads: found } }) },
  });
};

/** Starts a workflow with exactly these payloads. */
export const startWith = async (
  { workflowService, options }: Client,
  start: { workflowId: string; workflowType: string; taskQueue: string },
  found: Payload[] | undefined,
): Promise<void> => {
  await workflowService.startWorkflowExecution({
    namespace: options.namespace,
    workflowId: start.workflowId,
    workflowType: { name: start.workflowType },
    taskQueue: { name: start.taskQueue },
    requestId: start.workflowId,
    identity: 'buggy-bot',
    ...inputOf(found),
    memo: { fields: { junk: found?.[0] ?? payload('binary/encrypted', 'x') } },
  });
};
