import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { bundleWorkflows } from '../../workers/bundle.ts';

const FOLDER = new URL('../histories/', import.meta.url);

/** Every shape that a workflow of ours has had in production: an approval sleeps for weeks, so new code must replay the old. */
test('recorded histories replay with the workflows as they are now', async () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  expect(names.length).toBeGreaterThanOrEqual(10);
  const workflowBundle = await bundleWorkflows();
  const histories = names.map((name) => ({
    workflowId: name,
    history: JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')),
  }));
  const failed: string[] = [];
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories))
    if (error) failed.push(`${workflowId}: ${error.message}`);
  expect(failed).toEqual([]);
});
