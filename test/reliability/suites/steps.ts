import proto from '@temporalio/proto';
import type { Edge, Moment, Point, Trap } from '../../faults/traps.ts';

const { temporal } = proto;
type Where = Pick<Trap, 'edge' | 'point' | 'matches'>;

/** A step of the kill matrix (`RELIABILITY.md`), and where its moments are observed. `timed`: the driver chooses the moment. */
export interface Step {
  name: string;
  where: (point: Point) => Where | 'timed';
}

/** Steps of features that do not exist yet: how many, and why. */
export const MISSING_STEPS: { steps: number; why: string }[] = [
  { steps: 1, why: 'no notification channel exists' },
  { steps: 1, why: 'no transparency log exists' },
  { steps: 4, why: 'no uploaded state exists' },
];

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
  { name: 'idempotency-lock-taken', where: statement('api-postgres', /insert into idempotency_keys/) },
  { name: 'request-written', where: statement('api-postgres', /insert into approval_requests/) },
  {
    name: 'workflow-started',
    where: (point) =>
      point === 'after'
        ? statement('api-postgres', /set workflow_started_at/)(point)
        : rpc('api-temporal', 'StartWorkflowExecution', startsApproval)(point),
  },
  {
    name: 'verdict-read',
    where: statement(
      'worker-postgres',
      /as front from approval_requests r where r\.project_id = \$1 and r\.id = \$2(?! for update)/,
    ),
  },
  {
    name: 'deadline-set',
    where: rpc('worker-temporal', 'RespondWorkflowTaskCompleted', startsTimer),
  },
  { name: 'waiting', where: () => 'timed' },
  {
    name: 'decision-recorded',
    where: (point) =>
      point === 'inside'
        ? { ...statement('worker-postgres', /from approval_requests r .* for update/)('before') }
        : rpc('api-temporal', 'UpdateWorkflowExecution')(point === 'after' ? 'inside' : 'before'),
  },
  { name: 'ledger-written', where: statement('worker-postgres', /insert into ledger/) },
  {
    name: 'thread-notified',
    where: statement('worker-postgres', /update deliveries set delivered_at/),
  },
  { name: 'permit-claimed', where: statement('api-postgres', /insert into claims/) },
  { name: 'execution-reported', where: statement('api-postgres', /update claims set/) },
  { name: 'workflow-ended', where: rpc('worker-temporal', 'RespondWorkflowTaskCompleted', completes) },
];
