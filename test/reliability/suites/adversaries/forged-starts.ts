import { APPROVAL_WORKFLOW, approvalWorkflowId } from '../../../../contracts/workflow.ts';
import type { ForeignWorker } from '../../../faults/foreign-worker.ts';
import { decide, detail, type Opened, pause } from '../../suite.ts';
import type { Attempts } from './attempts.ts';

const DAY = 86_400_000;
const ZEROS = `sha256:${'0'.repeat(64)}`;

/** What the product starts the workflow of this request with. */
export const inputOf = (on: Attempts, { id, payload_digest, expires_at }: Opened) => ({
  project_id: on.rig.project_id,
  request_id: id,
  payload_digest,
  requested_by: 'dev-agent',
  expires_at_ms: Date.parse(expires_at),
  accept_unsigned_signals: false,
});

/** A run of our workflow type on our task queue, with terms of the attacker's choice, under the request's id and under another. */
export async function forgedStarts(on: Attempts, worker: ForeignWorker, rounds: number): Promise<void> {
  const changes: Record<string, object> = {
    'a past deadline': { expires_at_ms: 1 },
    'a far deadline': { expires_at_ms: Date.now() + 3_650 * DAY },
    'another digest': { payload_digest: ZEROS },
    'another requester': { requested_by: 'ceo' },
    'unsigned signals': { accept_unsigned_signals: true },
  };
  const other = await on.held();
  for (let round = 0; round < rounds; round++)
    for (const [name, change] of Object.entries(changes)) {
      const target = await on.held();
      const own = approvalWorkflowId(target.id);
      for (const [where, workflowId] of [
        ['another id', `approval/${target.id}x`],
        ['its id', own],
      ] as const) {
        const what = `started with ${name} under ${where}`;
        await worker.start(workflowId, APPROVAL_WORKFLOW, 'rig', [{ ...inputOf(on, target), ...change }]);
        on.tried('started with other terms');
        await on.alarmed(what, target, 'foreign_start');
        await messaged(on, workflowId, target);
        await on.pending(what, target);
      }
      await on.honest(`started with ${name}`, target);
      await on.receipt(`started with ${name}`, target, 'approved', ['dev-approver']);
    }
  await substituted(on, worker, other);
  await copied(on, worker);
  await postponed(on, worker);
}

/** A run that was started with forged terms is asked to approve at once. */
async function messaged(on: Attempts, workflowId: string, { payload_digest }: Opened): Promise<void> {
  const handle = on.rig.temporal.workflow.getHandle(workflowId);
  for (const digest of [payload_digest, ZEROS])
    await handle
      .signal('decide', { type: 'approve', actor: 'ceo', payload_digest: digest, decision_id: 'bot/1' })
      .catch(() => {}); // it has ended
}

/** Inputs that name another request, another project, or nothing, under a request's id. */
async function substituted(on: Attempts, worker: ForeignWorker, other: Opened): Promise<void> {
  const inputs: Record<string, (target: Opened) => unknown> = {
    'another request': () => inputOf(on, other),
    'an unknown request': (target) => ({ ...inputOf(on, target), request_id: 'req_00000000000000000000000000' }),
    'an unknown project': (target) => ({ ...inputOf(on, target), project_id: 'prj_00000000000000000000000000' }),
    'a project that is SQL': (target) => ({ ...inputOf(on, target), project_id: "*'; drop table ledger; --" }),
    'no project': (target) => ({ ...inputOf(on, target), project_id: null }),
    'every project': (target) => ({ ...inputOf(on, target), project_id: '*' }),
    'a deadline that is text': (target) => ({ ...inputOf(on, target), expires_at_ms: 'never' }),
    'no terms': () => ({}),
    nothing: () => null,
    text: () => 'approve',
    'a list': (target) => [inputOf(on, target)],
  };
  for (const [name, input] of Object.entries(inputs)) {
    const target = await on.held();
    await worker.start(approvalWorkflowId(target.id), APPROVAL_WORKFLOW, 'rig', [input(target)]);
    on.tried('started about something else');
    await pause(300);
    await messaged(on, approvalWorkflowId(target.id), target);
    await on.pending(`started about ${name}`, target);
    await on.honest(`started about ${name}`, target);
    await on.receipt(`started about ${name}`, target, 'approved', ['dev-approver']);
  }
  await on.pending('named by a run of another request', other);
}

/** True terms under the true id: what the product itself would start. It is harmless. */
async function copied(on: Attempts, worker: ForeignWorker): Promise<void> {
  const target = await on.held();
  await worker.start(approvalWorkflowId(target.id), APPROVAL_WORKFLOW, 'rig', [inputOf(on, target)]);
  on.tried('started with a copied input');
  await on.honest('started with a copied input', target);
  on.count.check((await on.incidents(target.id)).length === 0, () => `a copied input is an incident (${target.id})`);
}

/** The genuine run is replaced by one with a later deadline: an approval after the true one does not count. */
async function postponed(on: Attempts, worker: ForeignWorker): Promise<void> {
  const target = await on.held({ expires_in_ms: 3_000 });
  const { id, payload_digest } = target;
  const later = { ...inputOf(on, target), expires_at_ms: Date.now() + 3_650 * DAY };
  const start = () => worker.start(approvalWorkflowId(id), APPROVAL_WORKFLOW, 'rig', [later]);
  await start();
  await pause(Date.parse(target.expires_at) - Date.now() + 100);
  await start();
  on.tried('started with other terms', 2);
  const answer = await decide(on.rig, id, { type: 'approve', payload_digest });
  const { status } = await detail(on.rig, id);
  on.count.check(
    answer.status === 409 && status !== 'approved',
    () => `approved after the true deadline: ${answer.status}, ${status} (${id})`,
  );
  await worker.start(approvalWorkflowId(id), APPROVAL_WORKFLOW, 'rig', [inputOf(on, target)]);
  await on.settled('a later deadline', target, 'expired');
  await on.receipt('a later deadline', target, 'expired', []);
}
