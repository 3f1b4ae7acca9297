import type { WorkflowStarter } from '../../domain/approval/workflow-ports.ts';
import type { InterruptReader } from '../../domain/outbox/ports.ts';
import type { Receiver } from './receiver.ts';

export interface LanggraphDeps {
  interrupts: InterruptReader;
  starter: Pick<WorkflowStarter, 'resumeThread'>;
}

/**
 * A LangGraph thread: starts `resumeThreadV1` once every request of the interrupt is closed. The row of the last one does it; for
 * the others there is nothing left to do.
 */
export const langgraph =
  ({ interrupts, starter }: LanggraphDeps): Receiver =>
  async ({ project_id, request_id }) => {
    const interrupt = await interrupts.interruptOf({ project_id, request_id });
    if (interrupt?.all_closed) await starter.resumeThread(project_id, interrupt);
  };
