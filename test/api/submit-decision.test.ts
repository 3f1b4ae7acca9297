import { type Client, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { expect, test } from 'vitest';
import type { Attempt } from '../../api/operations/decision-attempt.ts';
import { createSubmit } from '../../api/operations/submit-decision.ts';
import { approvalWorkflows } from '../../runtime/temporal/approval-workflows.ts';

const decision = { decision_id: 'dec_1', type: 'approve', actor: 'ann', payload_digest: 'sha256:a' } as const;
const attempt = {
  decision_id: 'dec_1',
  owner: 'ann',
  request: { id: 'req_1', project_id: 'prj_1' },
  decision: { type: 'approve', payload_digest: 'sha256:a' },
} as Attempt;
const answered = (code: number) => Object.assign(new Error('no'), { code, details: 'no', metadata: {} });

/** A Temporal where no worker answers an Update, and each Signal gets the next of these gRPC statuses; 0: taken. */
function temporal(...statuses: number[]) {
  const signals: unknown[] = [];
  const handle = {
    executeUpdate: (): Promise<unknown> => Promise.reject(new WorkflowUpdateRPCTimeoutOrCancelledError('late')),
    signal: async (_name: string, sent: unknown) => {
      signals.push(sent);
      const status = statuses.shift() ?? 0;
      if (status !== 0) throw answered(status);
    },
  };
  const workflows = approvalWorkflows({
    client: { workflow: { getHandle: () => handle } } as unknown as Client,
    taskQueue: 'letsping',
    store: { markStarted: async () => {} },
    log: { warn: () => {} },
  });
  const { submit } = createSubmit({
    requests: { view: async () => undefined },
    decisions: {
      proposalOf: async () => undefined,
      screeningOf: async () => undefined,
      acknowledge: async () => {},
      sendBack: async () => {},
      settledAt: async () => undefined,
    },
    workflows,
  });
  return { handle, signals, submit: () => submit(attempt, decision) };
}
const recorded = { status: 202, body: { decision_id: 'dec_1', status: 'recorded' } };
const unavailable = { code: 'temporal_unavailable', details: { retry_after: 2 } };

test('an Update that is broken off at the end of its wait is followed by the Signal, one refused at once is not', async () => {
  const { handle, signals, submit } = temporal(0);
  const refuse = (ms: number) => {
    handle.executeUpdate = () => new Promise((_, reject) => setTimeout(() => reject(answered(14)), ms));
  };
  refuse(9_950);
  expect(await submit()).toEqual(recorded);
  expect(signals).toEqual([decision]);
  refuse(0);
  await expect(submit()).rejects.toMatchObject(unavailable);
  expect(signals).toHaveLength(1);
}, 30_000);

test('a busy workflow gets the Signal again', async () => {
  const { signals, submit } = temporal(8, 8, 0);
  expect(await submit()).toEqual(recorded);
  expect(signals).toEqual([decision, decision, decision]);
});

test.each([14, 4])('after status %i the Signal is not sent again: it may have been taken', async (status) => {
  const { signals, submit } = temporal(status, 0);
  await expect(submit()).rejects.toMatchObject(unavailable);
  expect(signals).toHaveLength(1);
});

test('a workflow that stays busy is unavailable in the end', async () => {
  const { signals, submit } = temporal(...Array<number>(100).fill(8));
  await expect(submit()).rejects.toMatchObject(unavailable);
  expect(signals.length).toBeGreaterThan(2);
});
