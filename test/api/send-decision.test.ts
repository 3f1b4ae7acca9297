import { type Client, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { sendDecision } from '../../api/operations/send-decision.ts';

const decision = { decision_id: 'dec_1', type: 'approve', actor: 'ann', payload_digest: 'sha256:a' } as const;
const answered = (code: number) => Object.assign(new Error('no'), { code, details: 'no', metadata: {} });

/** A server on which no worker answers an update, and which answers each Signal by the next of these: a gRPC status, 0 for taken. */
function client(...statuses: number[]) {
  const signals: unknown[] = [];
  const handle = {
    executeUpdate: () => Promise.reject(new WorkflowUpdateRPCTimeoutOrCancelledError('late')),
    signal: async (_name: string, sent: unknown) => {
      signals.push(sent);
      const status = statuses.shift() ?? 0;
      if (status !== 0) throw answered(status);
    },
  };
  return { signals, client: { workflow: { getHandle: () => handle } } as unknown as Client };
}

test('an update that is broken off at the end of its wait is followed by the Signal, one refused at once is not', async () => {
  const { client: slow, signals } = client(0);
  const handle = slow.workflow.getHandle('');
  const refuse = (ms: number) =>
    Object.assign(handle, {
      executeUpdate: () => new Promise((_, reject) => setTimeout(() => reject(answered(14)), ms)),
    });
  refuse(9_950);
  expect(await sendDecision(slow, 'req_1', decision)).toEqual({ state: 'recorded' });
  expect(signals).toEqual([decision]);
  refuse(0);
  expect(await sendDecision(slow, 'req_1', decision)).toEqual({ state: 'temporal_away' });
  expect(signals).toHaveLength(1);
}, 30_000);

test('a busy workflow gets the Signal again', async () => {
  const { client: busy, signals } = client(8, 8, 0);
  expect(await sendDecision(busy, 'req_1', decision)).toEqual({ state: 'recorded' });
  expect(signals).toEqual([decision, decision, decision]);
});

test.each([14, 4])('after status %i nothing is sent again: it may have been taken', async (status) => {
  const { client: away, signals } = client(status, 0);
  expect(await sendDecision(away, 'req_1', decision)).toEqual({ state: 'temporal_away' });
  expect(signals).toHaveLength(1);
});

test('one that stays busy is away in the end', async () => {
  const { client: busy, signals } = client(...Array<number>(100).fill(8));
  expect(await sendDecision(busy, 'req_1', decision)).toEqual({ state: 'temporal_away' });
  expect(signals.length).toBeGreaterThan(2);
});
