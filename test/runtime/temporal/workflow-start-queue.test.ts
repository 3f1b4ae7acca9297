import { expect, test } from 'vitest';
import type { RequestRecord } from '../../../domain/approval/record.ts';
import { createWorkflowStartQueue } from '../../../runtime/temporal/workflow-start-queue.ts';

const row = (id: string) => ({ id, project_id: 'prj_1' }) as RequestRecord;

/** A Temporal that answers each start when the test says so. */
function slow() {
  const waiting: { id: string; answer: (error?: Error) => void }[] = [];
  const marked: string[] = [];
  const warned: unknown[] = [];
  const starts = createWorkflowStartQueue({
    startApproval: ({ id }) =>
      new Promise<void>((resolve, reject) => {
        waiting.push({ id, answer: (error) => (error ? reject(error) : resolve()) });
      }),
    store: { markStarted: async ({ request_id }) => void marked.push(request_id) },
    log: { warn: (fields: unknown) => void warned.push(fields) },
  });
  return { starts, waiting, marked, warned };
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

test('eight start at a time, in the order in which they came; the others follow as those end', async () => {
  const { starts, waiting, marked } = slow();
  for (let i = 0; i < 20; i++) starts.add(row(`req_${i}`));
  await turn();
  expect(waiting.map(({ id }) => id)).toEqual(Array.from({ length: 8 }, (_, i) => `req_${i}`));
  waiting[0]!.answer();
  await turn();
  expect(marked).toEqual(['req_0']);
  expect(waiting.at(-1)?.id).toBe('req_8');
});

test('a decision waits for the start of its workflow, which is the next one then; a mark delays no start', async () => {
  const { starts, waiting } = slow();
  for (let i = 0; i < 20; i++) starts.add(row(`req_${i}`));
  await turn();
  let isStarted = false;
  const soon = starts.soon('req_19').then(() => {
    isStarted = true;
  });
  await starts.soon('req_unknown');
  waiting[0]!.answer();
  await turn();
  expect(waiting.at(-1)?.id).toBe('req_19');
  expect(isStarted).toBe(false);
  waiting.at(-1)!.answer();
  await soon;
});

test('a start that fails is not marked, and is logged: the reconciler finds it', async () => {
  const { starts, waiting, marked, warned } = slow();
  starts.add(row('req_1'));
  await turn();
  waiting[0]!.answer(new Error('unavailable'));
  await turn();
  expect(marked).toEqual([]);
  expect(warned).toEqual([{ request_id: 'req_1', error: 'unavailable' }]);
});

test('while Temporal does not answer, a thousand wait and no more', async () => {
  const { starts, warned } = slow();
  for (let i = 0; i < 1_010; i++) starts.add(row(`req_${i}`));
  expect(warned).toHaveLength(2); // eight run, a thousand wait
});

test('the end waits for the starts in progress, and begins no other', async () => {
  const { starts, waiting, marked } = slow();
  for (let i = 0; i < 20; i++) starts.add(row(`req_${i}`));
  await turn();
  let hasEnded = false;
  const ended = starts.end().then(() => {
    hasEnded = true;
  });
  await turn();
  expect(hasEnded).toBe(false);
  for (const { answer } of waiting) answer();
  await ended;
  expect(marked).toHaveLength(8);
  expect(waiting).toHaveLength(8);
});
