import { Client, Connection } from '@temporalio/client';

/** The resolutions in a workflow's history; `undefined` if there is no such workflow. */
export interface History {
  runs: number;
  input: any;
  /** COMPLETED, RUNNING, TERMINATED, … of the newest run. */
  status: string;
  /** Resolutions that the workflow or its updates returned. */
  result: any;
  answers: any[];
  /** Epoch ms at which the history recorded the message with a decision. */
  accepted: { at: number; decision_id: string | undefined }[];
  events: number;
  text: string;
}

const json = (payload: { data?: Uint8Array | null } | null | undefined): any => {
  try {
    return JSON.parse(Buffer.from(payload?.data ?? []).toString('utf8'));
  } catch {
    return undefined;
  }
};
const ms = (time: any): number => Number(time?.seconds ?? 0) * 1000 + Math.floor(Number(time?.nanos ?? 0) / 1e6);
const text = (value: unknown): string =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString('utf8')
    : Array.isArray(value)
      ? value.map(text).join('\n')
      : typeof value === 'object' && value !== null
        ? Object.values(value).map(text).join('\n')
        : String(value);

export interface Histories {
  of(workflow_id: string): Promise<History | undefined>;
  /** The number of runs of each workflow of this type. */
  runs(type: string): Promise<Map<string, number>>;
  version(): Promise<string>;
  close(): Promise<void>;
}

export async function openHistories(address: string, namespace: string): Promise<Histories> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const absent = (error: unknown) => {
    if ((error as Error).name === 'WorkflowNotFoundError') return undefined;
    throw error;
  };
  return {
    async of(workflow_id) {
      const handle = client.workflow.getHandle(workflow_id);
      const described = await handle.describe().catch(absent);
      if (!described) return undefined;
      const { events = [] } = await handle.fetchHistory();
      const found: History = {
        runs: 1,
        input: undefined,
        status: described.status.name,
        result: undefined,
        answers: [],
        accepted: [],
        events: events?.length ?? 0,
        text: '',
      };
      for (const event of events ?? []) {
        const started = event.workflowExecutionStartedEventAttributes;
        if (started) found.input = json(started.input?.payloads?.[0]);
        const completed = event.workflowExecutionCompletedEventAttributes;
        if (completed) found.result = json(completed.result?.payloads?.[0]);
        const answered = event.workflowExecutionUpdateCompletedEventAttributes?.outcome?.success;
        if (answered) found.answers.push(json(answered.payloads?.[0]));
        const taken = event.workflowExecutionUpdateAcceptedEventAttributes;
        if (taken)
          found.accepted.push({
            at: ms(event.eventTime),
            decision_id: taken.acceptedRequest?.meta?.updateId ?? taken.protocolInstanceId ?? undefined,
          });
        const signalled = event.workflowExecutionSignaledEventAttributes;
        if (signalled)
          found.accepted.push({
            at: ms(event.eventTime),
            decision_id: json(signalled.input?.payloads?.[0])?.decision_id,
          });
        found.text += text(event);
      }
      return found;
    },
    async runs(type) {
      const counted = new Map<string, number>();
      for await (const found of client.workflow.list({ query: `WorkflowType = '${type}'` }))
        counted.set(found.workflowId, (counted.get(found.workflowId) ?? 0) + 1);
      return counted;
    },
    version: async () => (await connection.workflowService.getSystemInfo({})).serverVersion,
    close: () => connection.close(),
  };
}
