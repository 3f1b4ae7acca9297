import { expect, test } from 'vitest';
import { createQuarantine, type QuarantineDeps } from '../../activities/watch/quarantine.ts';
import { CAUSES, OUTCOME_STATUSES } from '../../contracts/decision.ts';
import { hintOf } from '../../domain/approval/derive.ts';
import type { RequestRecord } from '../../domain/approval/record.ts';

/** The rules of the quarantine; the attacks on a real worker are in the reliability suite of the namespace writer. */
interface Given {
  failed?: number;
  isOpen?: boolean;
  isKnown?: boolean;
  isSecond?: boolean;
  answered?: string[];
  others?: string[];
}

async function look({
  failed = 5,
  isOpen = true,
  isKnown = true,
  isSecond = false,
  answered = ['req_other'],
  others = ['req_bad', 'req_other'],
}: Given): Promise<string[]> {
  const done: string[] = [];
  const deps: QuarantineDeps = {
    silent: () => [{ project_id: 'prj', request_id: 'req_bad' }],
    store: {
      refOf: async (request_id) => (isKnown ? { project_id: 'prj', request_id } : undefined),
      unsettled: async ({ request_id }) =>
        isOpen ? { request: { id: request_id } as RequestRecord, acts: [] } : undefined,
      hasIncident: async () => isSecond,
      lastStarted: async () => others,
    },
    directory: {
      troubled: async () => ['req_bad'],
      failedTasks: async () => failed,
      isAnswered: async (id) => answered.includes(id),
      terminate: async (id) => void done.push(`terminated ${id}`),
    },
    settle: async (_, hint) => {
      done.push(`settled by ${hint.kind}`);
      return {} as never;
    },
    starter: { restartApproval: async ({ id }) => void done.push(`started ${id}`) },
    incidents: { report: async (_, kind) => void done.push(kind) },
    onStuck: (ids) => done.push(`alarm ${ids}`),
  };
  await createQuarantine(deps)();
  return done;
}

test('a run that fails five times while another one works is terminated, and started once more', async () => {
  expect(await look({})).toEqual(['terminated req_bad', 'started req_bad', 'quarantined']);
});

test('the second time its request is settled before the run is terminated, and nothing is started', async () => {
  expect(await look({ isSecond: true })).toEqual(['settled by quarantine', 'terminated req_bad', 'quarantined']);
});

test('a bad release fails all runs: an alarm, and nothing is terminated', async () => {
  expect(await look({ answered: [] })).toEqual(['alarm req_bad']);
  expect(await look({ others: ['req_bad'], answered: ['req_bad'] })).toEqual(['alarm req_bad']);
});

test('fewer failures, and runs of somebody else under an id like ours, are left alone', async () => {
  expect(await look({ failed: 4 })).toEqual([]);
  expect(await look({ isKnown: false })).toEqual([]);
});

test('a run whose request is closed is terminated only', async () => {
  expect(await look({ isOpen: false })).toEqual(['terminated req_bad', 'quarantined']);
});

test('no message is read as a quarantine', () => {
  for (const status of OUTCOME_STATUSES)
    for (const cause of [...CAUSES, 'quarantine'] as (typeof CAUSES)[number][])
      for (const verified of [true, false])
        expect(hintOf({ status, cause, verified, payload_digest: 'x' }).kind).not.toBe('quarantine');
});
