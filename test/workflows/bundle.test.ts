import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { bundleWorkflows } from '../../workers/bundle.ts';

test('the workflows bundle, and carry no zod, no driver and no activity', async () => {
  const { code } = await bundleWorkflows();
  for (const name of ['approvalV1', 'deliveryV1', 'resumeThreadV1', 'reconcileV1']) expect(code).toContain(name);
  for (const foreign of [
    'node_modules/zod/',
    'node_modules/pg/',
    'node_modules/@noble/',
    '/activities/',
    '/storage/',
    '/crypto/',
  ])
    expect(code).not.toContain(`./${foreign.replace(/^\//, '')}`);
});

test('a workflow that imports an activity by value is refused by the bundler', async () => {
  const folder = await mkdtemp(join(import.meta.dirname, 'wrong-'));
  try {
    await writeFile(
      join(folder, 'index.ts'),
      "export { createSettle } from '../../../activities/settle.ts';\nimport '../../../storage/pool.ts';\n",
    );
    await expect(
      bundleWorkflowCode({ workflowsPath: join(folder, 'index.ts'), logger: new DefaultLogger('ERROR', () => {}) }),
    ).rejects.toThrow();
  } finally {
    await rm(folder, { recursive: true });
  }
});
