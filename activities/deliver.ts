import type { DeliveryActivities, DeliveryRef } from '../contracts/workflow.ts';
import type { DeliveryStore } from '../domain/outbox/ports.ts';
import type { WorkflowStarter } from './ports.ts';

/**
 * Hands one outbox row to its receiver. For a LangGraph thread that is `resumeThreadV1`, once every request of the interrupt is
 * closed: the row of the last one does it, the others have nothing left to do.
 */
export const createDeliver = ({
  store,
  starter,
}: {
  store: DeliveryStore;
  starter: WorkflowStarter;
}): DeliveryActivities => ({
  async deliver(ref: DeliveryRef) {
    await store.mark(ref, 'started');
    const request = await store.undelivered(ref);
    if (!request) return;
    const interrupt = await store.interruptOf(request);
    if (interrupt?.all_closed) await starter.resumeThread(ref.project_id, interrupt);
    await store.mark(ref, 'delivered');
  },
  bury: (ref: DeliveryRef) => store.mark(ref, 'dead'),
});
