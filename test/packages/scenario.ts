import { join } from 'node:path';
import { Problems } from './cell.ts';
import { JsonLines, type LocalSystem, pendingIds } from './local-system.ts';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** What `approval.ts` found, and what the server has. @throws Error */
export async function checkApproval(system: LocalSystem, id: string, found: Record<string, unknown>): Promise<void> {
  const detail = await system.approver('GET', `/approval-requests/${id}`);
  const problems = new Problems();
  const check = (member: string, holds: (text: string) => boolean) =>
    problems.check(holds(String(found[member])), `${member} is ${JSON.stringify(found[member])}`);
  check('payload_digest', (digest) => DIGEST.test(digest) && digest === detail['payload_digest']);
  check('receipt', (receipt) => receipt.split('.').length === 3);
  check('twice', (code) => code === 'executed_already');
  problems.check(
    JSON.stringify(found['payload']) === '{"order":"1042","amount":4900}',
    `payload ${JSON.stringify(found['payload'])}`,
  );
  problems.assertNone();
}

/** The compiled `approval-in-node.ts`: requested, approved by a person, digest checked, executed once. @throws Error */
export async function oneApproval(system: LocalSystem, folder: string, nodeBinary: string): Promise<void> {
  const agent = new JsonLines(nodeBinary, [join(folder, 'approval-in-node.js')], { cwd: folder, env: system.env });
  try {
    const id = String((await agent.with('opened'))['opened']);
    await system.approve(id);
    await checkApproval(system, id, await agent.with('payload_digest', 30_000));
  } finally {
    await agent.stop();
  }
}

/** The compiled `thread.ts`: a thread pauses in one process, which ends, and another process resumes it. @throws Error */
export async function onePauseAndResume(system: LocalSystem, folder: string, nodeBinary: string): Promise<void> {
  const start = (...args: string[]) =>
    new JsonLines(nodeBinary, [join(folder, 'thread.js'), ...args], { cwd: folder, env: system.env });
  const thread = `thread-${Date.now()}`;
  const agent = start('start', thread);
  const first = await agent.with('paused', 60_000).finally(() => agent.stop());
  if (first['paused'] !== true) throw new Error('the thread did not pause');
  const [id, ...more] = await pendingIds(system, thread);
  if (id === undefined || more.length > 0)
    throw new Error(`${more.length + (id ? 1 : 0)} requests are pending, not one`);
  await system.approve(id);
  const worker = start('resume', thread);
  try {
    const resumed = await worker.with('resumed', 60_000);
    if (resumed['pid'] === first['pid'] || resumed['resumed'] !== id)
      throw new Error(`resumed ${JSON.stringify(resumed)}`);
    await worker.stop();
    const { values } = await worker.with('values', 1_000);
    if (JSON.stringify(values) !== '{"amount":250,"sent":250,"status":"APPROVED"}')
      throw new Error(`the thread ended with ${JSON.stringify(values)}`);
  } finally {
    await worker.stop();
  }
}
