import { AsyncLocalStorage } from 'node:async_hooks';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { expect, onTestFinished, test, vi } from 'vitest';
import { temporalClient } from '../../../runtime/temporal/client.ts';

const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService';

/** A gRPC server without Temporal behind it: answers every call with an empty message, and records the calls. */
async function answering(...methods: string[]) {
  const seen: { method: string; namespace: unknown; within_ms: number }[] = [];
  const server = new Server();
  const bytes = (given: Buffer) => given;
  for (const method of methods) {
    const definition = {
      path: `${SERVICE}/${method}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    server.addService(
      { [method]: definition },
      {
        [method]: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
          const [namespace] = call.metadata.get('temporal-namespace');
          seen.push({ method, namespace, within_ms: Number(call.getDeadline()) - Date.now() });
          answer(null, Buffer.alloc(0));
        },
      },
    );
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  onTestFinished(() => server.forceShutdown());
  return { seen, address: `127.0.0.1:${port}` };
}

test('every call carries its deadline and the namespace, without an AsyncLocalStorage', async () => {
  const { seen, address } = await answering('StartWorkflowExecution', 'SignalWorkflowExecution', 'GetSystemInfo');
  const { client, connection } = temporalClient({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: 'approvals' });
  onTestFinished(() => connection.close());
  const run = vi.spyOn(AsyncLocalStorage.prototype, 'run');

  await connection.workflowService.getSystemInfo({});
  const handle = await client.workflow.start('approvalV1', { workflowId: 'approval/req_1', taskQueue: 'letsping' });
  await handle.signal('decide');

  expect(seen.map(({ method, namespace }) => [method, namespace])).toEqual([
    ['GetSystemInfo', 'approvals'],
    ['StartWorkflowExecution', 'approvals'],
    ['SignalWorkflowExecution', 'approvals'],
  ]);
  for (const [index, most] of [2_000, 5_000, 2_000].entries()) {
    expect(seen[index]!.within_ms).toBeGreaterThan(0);
    expect(seen[index]!.within_ms).toBeLessThanOrEqual(most);
  }
  expect(run).not.toHaveBeenCalled();
});
