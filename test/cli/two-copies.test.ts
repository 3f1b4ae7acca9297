import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createProjectFolder, type ProjectFolder } from '../helpers/project-folder.ts';

let project: ProjectFolder;
beforeEach(() => {
  project = createProjectFolder();
});
afterEach(() => project.remove());

/** The command as the team's project runs it: a process of its own, without any configuration. */
const letsping = (...args: string[]) => {
  const main = join(project.folder, 'node_modules/letsping-temporal/dist/cli/main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  return { status, stdout, stderr };
};

test('letsping worker starts with one copy: the next refusal is about its configuration', () => {
  expect(letsping('worker')).toMatchObject({ status: 1, stderr: expect.stringContaining('DATABASE_URL') });
});

test('letsping worker refuses a second copy of the SDK in one sentence, and doctor reports it', () => {
  const worker = project.copy('@temporalio/worker');
  const workflow = project.copy('@temporalio/workflow', { into: 'node_modules/@temporalio/worker', version: '1.23.0' });
  const { status, stdout, stderr } = letsping('worker');

  expect(status).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(
    /^letsping worker: two copies of @temporalio\/workflow would work together: [^\n]*npm ls @temporalio\/workflow\)\n$/,
  );
  expect(workflow.startsWith(worker)).toBe(true);
  expect(stderr).toContain(`@temporalio/worker loads 1.23.0 from ${workflow}`);
  expect(letsping('doctor').stdout).toMatch(
    /^FAIL {2}temporal sdk +two copies of @temporalio\/workflow .*\n +try: npm ls/m,
  );
});

test('letsping worker refuses an SDK outside the range, also one that lacks what it imports', () => {
  project.copy('@temporalio/worker', { version: '1.11.8' });
  project.write('node_modules/@temporalio/worker/lib/index.js', 'exports.Worker = class {};');
  const { status, stderr } = letsping('worker');

  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^letsping worker: letsping-temporal works with @temporalio\/worker >=1\.\d+\.0 <1\.\d+\.0, but version 1\.11\.8 is installed in [^\n]+: install a version of that range\n$/,
  );
});
