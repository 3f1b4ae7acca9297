import { randomBytes } from 'node:crypto';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { RECONCILE_WORKFLOW } from '../../contracts/workflow.ts';
import { isOlder, refusalOfTemporal, temporalAccess } from '../../runtime/temporal/access.ts';
import { temporalClient, temporalSettings } from '../../runtime/temporal/client.ts';
import { type CheckResult, fail, messageOf, ok, skipped, warn } from './check.ts';

/** From this version on, the worker's pollers scale by themselves. */
const BEST_SERVER = '1.28.0';

export async function temporal(env: NodeJS.ProcessEnv, taskQueue: string): Promise<CheckResult[]> {
  const later = ['namespace', 'visibility', 'schedules', 'worker'];
  let parts: ReturnType<typeof temporalClient>;
  let namespace: string;
  try {
    parts = temporalClient(env);
    namespace = temporalSettings(env).namespace;
  } catch (error) {
    return [
      fail(
        'temporal',
        `the settings cannot be read: ${messageOf(error)}`,
        'check TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE and the other TEMPORAL_* variables',
      ),
      ...skipped(later, 'no settings'),
    ];
  }
  const { client, connection } = parts;
  /** Runs one call; an error becomes the finding. */
  const tried = async (check: string, what: string, work: () => Promise<CheckResult>): Promise<CheckResult> => {
    try {
      return await work();
    } catch (error) {
      const refusal = refusalOfTemporal(error, namespace, what);
      return fail(
        check,
        refusal?.message ?? `cannot ${what}: ${messageOf(error)}`,
        'give the credential of this process the role "writer" on the namespace (docs/operations.md)',
      );
    }
  };
  try {
    const { version } = await temporalAccess(connection, namespace);
    const server = isOlder(version, BEST_SERVER)
      ? warn(
          'temporal',
          `Temporal ${version} works, but pollers do not scale by themselves`,
          `use ${BEST_SERVER} or newer`,
        )
      : ok('temporal', `Temporal ${version} answers`);
    return [
      server,
      ok('namespace', `${namespace} exists and accepts updates`),
      await tried('visibility', 'list workflows', async () => {
        for await (const _ of client.workflow.list({ query: "WorkflowType = 'approvalV1'", pageSize: 1 })) break;
        return ok('visibility', 'workflows can be listed');
      }),
      await tried('schedules', 'create a schedule', async () => {
        // Only use proves the permission, so the schedule is created paused and deleted at once.
        const handle = await client.schedule.create({
          scheduleId: `doctor/${randomBytes(6).toString('hex')}`,
          spec: { intervals: [{ every: '1d' }] },
          action: { type: 'startWorkflow', workflowType: RECONCILE_WORKFLOW, taskQueue, args: [] },
          policies: { overlap: ScheduleOverlapPolicy.SKIP },
          state: { paused: true },
        });
        await handle.delete();
        return ok('schedules', 'can be created and deleted');
      }),
      await tried('worker', 'describe the task queue', async () => {
        const { pollers } = await connection.workflowService.describeTaskQueue({
          namespace,
          taskQueue: { name: taskQueue },
          taskQueueType: 1,
        });
        const count = pollers?.length ?? 0;
        return count > 0
          ? ok('worker', `${count} poll${count === 1 ? 's' : ''} the task queue ${taskQueue}`)
          : warn(
              'worker',
              `no worker polls the task queue ${taskQueue}`,
              'start letsping worker with the same LETSPING_TASK_QUEUE',
            );
      }),
    ];
  } catch (error) {
    if ((error as Error).name === 'TemporalRefused')
      return [
        fail('temporal', messageOf(error), 'see docs/operations.md, "Temporal"'),
        ...skipped(later, 'Temporal refuses'),
      ];
    return [
      fail(
        'temporal',
        `Temporal does not answer: ${messageOf(error)}`,
        'start Temporal, and check TEMPORAL_ADDRESS, TEMPORAL_TLS and the firewall of the network',
      ),
      ...skipped(later, 'Temporal does not answer'),
    ];
  } finally {
    await connection.close();
  }
}
