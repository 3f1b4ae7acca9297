import {
  type Client,
  ScheduleAlreadyRunning,
  type ScheduleOptionsStartWorkflowAction,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { RECONCILE_WORKFLOW } from '../contracts/workflow.ts';

export type Scan = 'rows' | 'workflows';

/** The scan of rows is one cheap SQL query. The scan of workflows also reads Visibility. */
const EVERY_SECONDS: Record<Scan, number> = { rows: 30, workflows: 600 };
const NAME: Record<Scan, string> = { rows: 'reconcile', workflows: 'reconcile-workflows' };
const TIMEOUT: Record<Scan, '1m' | '9m'> = { rows: '1m', workflows: '9m' };

/** One per task queue and scan, so that deployments can share a namespace. */
export const reconcileScheduleId = (taskQueue: string, scan: Scan = 'rows') => `${NAME[scan]}/${taskQueue}`;

/** One Temporal Schedule per scan and deployment. Each worker calls this: the first creates them, a newer release updates their interval. */
export async function ensureReconcileSchedules(
  client: Client,
  taskQueue: string,
  every: Record<Scan, number> = EVERY_SECONDS,
): Promise<void> {
  await Promise.all((['rows', 'workflows'] as const).map((scan) => ensure(client, taskQueue, scan, every[scan])));
}

async function ensure(client: Client, taskQueue: string, scan: Scan, everySeconds: number): Promise<void> {
  const scheduleId = reconcileScheduleId(taskQueue, scan);
  const spec = { intervals: [{ every: everySeconds * 1_000 }] };
  const action: ScheduleOptionsStartWorkflowAction<Workflow> = {
    type: 'startWorkflow',
    workflowType: RECONCILE_WORKFLOW,
    taskQueue,
    workflowId: scheduleId,
    args: scan === 'rows' ? [] : [scan],
    workflowExecutionTimeout: TIMEOUT[scan],
  };
  try {
    await client.schedule.create({
      scheduleId,
      spec,
      action,
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = client.schedule.getHandle(scheduleId);
    const { spec: current } = await handle.describe();
    if (current.intervals?.length === 1 && current.intervals[0]?.every === everySeconds * 1_000) return;
    await handle.update((previous) => ({ ...previous, spec, action: { ...action, workflowId: scheduleId } }));
  }
}
