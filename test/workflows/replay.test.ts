import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { readNoExternalReferences } from '../../runtime/temporal/external-references.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';

const FOLDER = new URL('../histories/', import.meta.url);

/** Histories of every released workflow version: an approval sleeps for weeks, so new code must replay old histories. */
test('recorded histories replay with the current workflows', async () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  expect(names.length).toBeGreaterThanOrEqual(10);
  readNoExternalReferences(); // as our worker does
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
