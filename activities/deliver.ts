import type { WorkerActivities } from '../contracts/activities.ts';
import type { DeliveryRef } from '../contracts/workflow.ts';
import type { DeliveryStore } from '../domain/outbox/ports.ts';
import type { WorkflowStarter } from './ports.ts';

/** Called when a delivery has ended. */
export type OnDelivery = (ref: DeliveryRef, result: 'delivered' | 'dead') => void;

export interface DeliverDeps {
  store: DeliveryStore;
  starter: Pick<WorkflowStarter, 'resumeThread'>;
  onDelivery?: OnDelivery | undefined;
}

/**
 * Hands one outbox row to its receiver. For a LangGraph thread that is `resumeThreadV1`, once every request of the interrupt is
 * closed: the row of the last one does it, the others have nothing left to do.
 */
export const createDeliver = ({
  store,
  starter,
  onDelivery = () => {},
}: DeliverDeps): Pick<WorkerActivities, 'deliver' | 'deadLetter'> => {
  const end = async (ref: DeliveryRef, result: 'delivered' | 'dead') => {
    await store.mark(ref, result);
    onDelivery(ref, result);
  };
  return {
    async deliver(ref) {
      await store.mark(ref, 'started');
      const request = await store.undelivered(ref);
      if (!request) return;
      const interrupt = await store.interruptOf(request);
      if (interrupt?.all_closed) await starter.resumeThread(ref.project_id, interrupt);
      await end(ref, 'delivered');
    },
    deadLetter: (ref) => end(ref, 'dead'),
  };
};
