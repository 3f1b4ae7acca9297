import { status } from '@grpc/grpc-js';
import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, expect, test, vi } from 'vitest';
import type { RequestRecord } from '../../../domain/approval/record.ts';
import { approvalWorkflows } from '../../../runtime/temporal/approval-workflows.ts';

const request = { id: 'req_1', project_id: 'prj_1', expires_at: new Date() } as RequestRecord;
const decision = { decision_id: 'dec_1', type: 'approve', actor: 'ann', payload_digest: 'sha256:a' } as const;
const grpc = (code: status) => Object.assign(new Error('no'), { code, details: 'no', metadata: {} });
const notFound = new WorkflowNotFoundError('no', 'approval/req_1', undefined);
const updateFailed = (type: string) => new WorkflowUpdateFailedError('no', ApplicationFailure.nonRetryable('no', type));

/** A Temporal that answers the calls in this order, with an error or not, and records them. */
function temporal(...answers: (Error | undefined)[]) {
  const calls: string[] = [];
  const states: string[] = [];
  const call = (name: string) => async () => {
    calls.push(name);
    const error = answers.shift();
    if (error) throw error;
  };
  const handle = {
    executeUpdate: call('update'),
    signal: call('signal'),
    cancel: call('cancel'),
    describe: async () => ({ status: { name: states.shift() ?? 'RUNNING' } }),
  };
  const workflows = approvalWorkflows({
    client: {
      workflow: { getHandle: () => handle, start: call('start') },
      options: { namespace: 'default' },
      workflowService: { getWorkflowExecutionHistory: async () => {} },
    } as unknown as Client,
    taskQueue: 'letsping',
    store: { markStarted: async () => {} },
    log: { warn: () => {} },
    onEnded: async ({ id }) => void calls.push(`${id} had ended`),
  });
  return { calls, states, workflows };
}
afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ['an answer', undefined, { state: 'settled' }],
  ['a refusal by the rules', updateFailed('own_patch'), { state: 'refused', code: 'own_patch' }],
  ['a patch that waits', updateFailed('second_approver'), { state: 'proposed' }],
  ['a workflow that closes', updateFailed('AcceptedUpdateCompletedWorkflow'), { state: 'not_found' }],
  ['no open workflow', notFound, { state: 'not_found' }],
  ['a missing permission', grpc(status.PERMISSION_DENIED), { state: 'no_worker' }],
  ['a deadline', grpc(status.DEADLINE_EXCEEDED), { state: 'no_worker' }],
])('an Update that ends with %s', async (_, answer, expected) => {
  expect(await temporal(answer).workflows.decide(request, decision)).toEqual(expected);
});

test('a missing workflow is started before the Update only where the caller says so', async () => {
  const { calls, workflows } = temporal(notFound, undefined, undefined);
  expect(await workflows.decide(request, decision)).toEqual({ state: 'not_found' });
  expect(await workflows.decide(request, decision, { startFirst: true })).toEqual({ state: 'settled' });
  expect(calls).toEqual(['update', 'start', 'update']);
});

test('a workflow that ended without an outcome is reported before it is started again', async () => {
  const { calls, states, workflows } = temporal(undefined, undefined);
  states.push('TERMINATED');
  expect(await workflows.decide(request, decision, { startFirst: true })).toEqual({ state: 'settled' });
  expect(calls).toEqual(['req_1 had ended', 'start', 'update']);
});

test('an error that is not of Temporal is thrown', async () => {
  await expect(temporal(new TypeError('bug')).workflows.decide(request, decision)).rejects.toThrow('bug');
  await expect(temporal(new TypeError('bug')).workflows.cancel(request)).rejects.toThrow('bug');
});

test('a cancellation starts a missing workflow first, and one that has ended is left alone', async () => {
  const missing = temporal(notFound, undefined, undefined);
  expect(await missing.workflows.cancel(request)).toBe('requested');
  expect(missing.calls).toEqual(['signal', 'start', 'signal']);
  expect(await temporal(notFound, undefined, notFound).workflows.cancel(request)).toBe('requested');
});

test.each([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED])(
  'a cancellation that meets status %i is unavailable',
  async (code) => {
    expect(await temporal(grpc(code)).workflows.cancel(request)).toBe('unavailable');
  },
);

test('a decision is redelivered until its Signal arrives or no workflow is open, once at a time for each request', async () => {
  vi.useFakeTimers();
  const { calls, workflows } = temporal(grpc(status.UNAVAILABLE), grpc(status.UNAVAILABLE), undefined, notFound);
  workflows.redeliver('req_1', decision);
  workflows.redeliver('req_1', decision);
  await vi.advanceTimersByTimeAsync(1_499);
  expect(calls).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(calls).toHaveLength(3);
  workflows.redeliver('req_1', decision);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(calls).toHaveLength(4);
});

test('nothing is redelivered after the end', async () => {
  vi.useFakeTimers();
  const { calls, workflows } = temporal();
  workflows.redeliver('req_1', decision);
  await workflows.end();
  workflows.redeliver('req_2', decision);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(calls).toEqual([]);
});
