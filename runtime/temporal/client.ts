import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import {
  type DataConverter,
  defaultFailureConverter,
  type LoadedDataConverter,
  type PayloadCodec,
} from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { readNoExternalReferences } from './external-references.ts';
import { payloadConverter } from './payload-converter.ts';

/** The address and namespace of Temporal, from the standard `TEMPORAL_*` settings and profiles. */
export const temporalSettings = (env: NodeJS.ProcessEnv) => {
  const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: env as Record<string, string> });
  return { connectionOptions, namespace: namespace ?? 'default' };
};

/** Deadline of a call; then it fails with DEADLINE_EXCEEDED. Updates wait for a worker, lists for a page. */
const CALL_MS = 5_000;
const CALLS_MS: Record<string, number> = {
  GetSystemInfo: 2_000,
  DescribeNamespace: 3_000,
  SignalWorkflowExecution: 2_000,
  UpdateWorkflowExecution: 10_000,
  PollWorkflowExecutionUpdate: 10_000,
  ListWorkflowExecutions: 15_000,
};

/** Sets the deadline of every call, in place of the SDK's `client.withDeadline` (see `OneNamespace`). */
const withDeadline: Interceptor = (options, nextCall) => {
  const method = options.method_definition.path.split('/').at(-1)!;
  return new InterceptingCall(nextCall({ ...options, deadline: Date.now() + (CALLS_MS[method] ?? CALL_MS) }));
};

/**
 * The SDK keeps a call's deadline and namespace header in an AsyncLocalStorage. From its first use on, every promise of a Node 20
 * process costs more: an ingest takes 10 % longer. Here both belong to the connection.
 */
class OneNamespace extends Connection {
  override withMetadata<T>(_metadata: unknown, call: () => Promise<T>): Promise<T> {
    return call();
  }
}

/**
 * Answers are read as totally as messages: the attacker's own worker may answer an Update with anything. The SDK loads a converter from a
 * path, or takes one that is loaded, which its types do not say.
 */
const dataConverter = (payloadCodecs: PayloadCodec[]): DataConverter => {
  const loaded: LoadedDataConverter = { payloadConverter, failureConverter: defaultFailureConverter, payloadCodecs };
  return loaded as DataConverter;
};

/**
 * The connection is made at first use, so that a process starts while Temporal is unavailable. The SDK's retry is left out: it
 * sleeps past deadlines, and an unavailable server would look like a missing worker.
 */
export function temporalClient(
  env: NodeJS.ProcessEnv,
  payloadCodecs: PayloadCodec[] = [],
): { client: Client; connection: Connection } {
  readNoExternalReferences();
  const { connectionOptions, namespace } = temporalSettings(env);
  const metadata = { ...connectionOptions.metadata, 'temporal-namespace': namespace };
  const connection = OneNamespace.lazy({ ...connectionOptions, metadata, interceptors: [withDeadline] });
  return { client: new Client({ connection, namespace, dataConverter: dataConverter(payloadCodecs) }), connection };
}
