import proto from '@temporalio/proto';
import type { Edge, Moment, Point, Trap } from '../../faults/traps.ts';

const { temporal } = proto;
type Where = Pick<Trap, 'edge' | 'point' | 'matches'>;

/** A step of the kill matrix (`RELIABILITY.md`), and where its moments are observed. `timed`: the driver chooses the moment. */
export interface Step {
  id: string;
  what: string;
  where: (point: Point) => Where | 'timed';
}

/** Steps of features that do not exist yet. */
export const MISSING_STEPS: { id: string; why: string }[] = [
  { id: 'S5', why: 'no notification channel exists' },
  { id: 'S9', why: 'no transparency log exists' },
  ...['U1', 'U2', 'U3', 'U4'].map((id) => ({ id, why: 'no uploaded state exists' })),
];
export const MAP_SIZE = 17;

const statement =
  (edge: Edge, pattern: RegExp) =>
  (point: Point): Where => ({ edge, point, matches: ({ text }) => pattern.test(text) });
const rpc =
  (edge: Edge, name: string, holds: (body: Buffer) => boolean = () => true) =>
  (point: Point): Where => ({
    edge,
    point,
    matches: ({ text, body }: Moment) => text === name && body !== undefined && holds(body),
  });

/** The commands with which a worker answers a workflow task. */
const commands = (body: Buffer) =>
  temporal.api.workflowservice.v1.RespondWorkflowTaskCompletedRequest.decode(body).commands ?? [];
const { CommandType } = temporal.api.enums.v1;
const startsTimer = (body: Buffer) =>
  commands(body).some(({ commandType }) => commandType === CommandType.COMMAND_TYPE_START_TIMER);
/** The end of an approval workflow: only its result contains a digest. */
const completes = (body: Buffer) =>
  commands(body).some(({ commandType }) => commandType === CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION) &&
  body.includes('payload_digest');

const startsApproval = (body: Buffer) => body.includes('approvalV1');

export const STEPS: Step[] = [
  { id: 'S0', what: 'the idempotency lock is taken', where: statement('api-postgres', /insert into idempotency_keys/) },
  { id: 'S1', what: 'the request is written', where: statement('api-postgres', /insert into approval_requests/) },
  {
    id: 'S2',
    what: 'its workflow is started',
    where: (point) =>
      point === 'after'
        ? statement('api-postgres', /set workflow_started_at/)(point)
        : rpc('api-temporal', 'StartWorkflowExecution', startsApproval)(point),
  },
  {
    id: 'S3',
    what: 'the verdict is read',
    where: statement('worker-postgres', /select verdict from approval_requests/),
  },
  {
    id: 'S4',
    what: 'held: the deadline is set',
    where: rpc('worker-temporal', 'RespondWorkflowTaskCompleted', startsTimer),
  },
  { id: 'S6', what: 'it waits', where: () => 'timed' },
  {
    id: 'S7',
    what: 'the decision is recorded',
    where: (point) =>
      point === 'inside'
        ? { ...statement('worker-postgres', /from approval_requests r .* for update/)('before') }
        : rpc('api-temporal', 'UpdateWorkflowExecution')(point === 'after' ? 'inside' : 'before'),
  },
  { id: 'S8', what: 'the ledger is written', where: statement('worker-postgres', /insert into ledger/) },
  {
    id: 'S10',
    what: 'the thread is notified',
    where: statement('worker-postgres', /update deliveries set delivered_at/),
  },
  { id: 'S11', what: 'the execution is reported', where: statement('api-postgres', /insert into executions/) },
  { id: 'S12', what: 'the workflow ends', where: rpc('worker-temporal', 'RespondWorkflowTaskCompleted', completes) },
];
