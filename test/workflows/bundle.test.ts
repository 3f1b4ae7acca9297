import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { bundleWorkflows } from '../../workers/bundle.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test('the workflows bundle, and carry no zod, no driver and no activity', async () => {
  const { code } = await bundleWorkflows();
  for (const name of ['approvalV1', 'deliveryV1', 'resumeThreadV1', 'reconcileV1']) expect(code).toContain(name);
  for (const foreign of [
    'node_modules/zod/',
    'node_modules/pg/',
    'node_modules/@noble/',
    'activities/',
    'storage/',
    'crypto/',
  ])
    expect(code).not.toContain(`./${foreign}`);
});

test('a workflow that imports a store by value is refused by the bundler, for the Node modules behind it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wrong-workflow-'));
  try {
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'index.ts'), `export { createPool } from '${ROOT}/storage/db/pool.ts';`);
    await expect(
      bundleWorkflowCode({ workflowsPath: join(folder, 'index.ts'), logger: new DefaultLogger('ERROR', () => {}) }),
    ).rejects.toThrow(/disallowed modules/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
