import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { REPOSITORY, repositoryFiles } from './helpers/repository-files.ts';

/** Of GitHub's workflow syntax, what the test reads. */
interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<
    string,
    {
      'timeout-minutes': number;
      strategy: { matrix: { node: string[] } };
      container: { image: string };
      steps: { uses?: string; run?: string }[];
    }
  >;
}

const workflows = repositoryFiles(/^\.github\/workflows\/[^/]+\.ya?ml$/).map(({ path, text }) => {
  const document = parseDocument(text, { strict: true });
  return { path, problems: [...document.errors, ...document.warnings], workflow: document.toJS() as Workflow };
});

test('every workflow file is valid YAML, may only read the repository, ends in time, and names the version of each action', () => {
  expect(workflows.length).toBeGreaterThan(0);
  for (const { path, problems, workflow } of workflows) {
    expect(problems, path).toEqual([]);
    expect(workflow.permissions, path).toEqual({ contents: 'read' });
    for (const job of Object.values(workflow.jobs)) {
      expect(job['timeout-minutes'], path).toBeLessThanOrEqual(40);
      for (const { uses } of job.steps)
        if (uses !== undefined) expect(uses, path).toMatch(/^[\w-]+\/[\w-]+@(?:v\d+|[0-9a-f]{40})$/);
    }
  }
});

test('the workflow ci runs .ci/run and nothing else, on Node 20 and 24, for main and for every pull request', () => {
  const ci = workflows.find(({ path }) => path.endsWith('/ci.yml'))!.workflow;
  expect(ci.on).toEqual({ push: { branches: ['main'] }, pull_request: null });
  const [job, ...others] = Object.values(ci.jobs);
  expect(others).toEqual([]);
  expect(job!.strategy.matrix.node).toEqual(['20', '24']);
  // Debian, whose packages .ci/run installs; as root, as it requires for that.
  expect(job!.container.image).toBe(`node:\${{ matrix.node }}-bookworm`);
  expect(job!.steps.flatMap(({ run }) => run ?? [])).toEqual(['.ci/run']);
  expect(statSync(join(REPOSITORY, '.ci/run')).mode & 0o111).not.toBe(0);
});
