import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { RECONCILE_WORKFLOW } from '../contracts/workflow.ts';

/** One per task queue: deployments that share a namespace have each their own. */
export const reconcileScheduleId = (taskQueue: string) => `reconcile/${taskQueue}`;

/** One Temporal Schedule for the whole deployment; every worker makes sure of it, the first one makes it. */
export async function ensureReconcileSchedule(client: Client, taskQueue: string, everySeconds = 30): Promise<void> {
  try {
    await client.schedule.create({
      scheduleId: reconcileScheduleId(taskQueue),
      spec: { intervals: [{ every: `${everySeconds}s` }] },
      action: { type: 'startWorkflow', workflowType: RECONCILE_WORKFLOW, taskQueue, workflowId: `reconcile/${taskQueue}`, args: [], workflowExecutionTimeout: '1m' },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
