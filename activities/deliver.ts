import type { WorkerActivities } from '../contracts/activities.ts';
import type { DeliveryRef } from '../contracts/workflow.ts';
import type { WorkflowStarter } from '../domain/approval/workflow-ports.ts';
import type { DeliveryStore } from '../domain/outbox/ports.ts';
import type { Receivers } from './receivers/index.ts';
import type { Receiver } from './receivers/receiver.ts';

/** Called when a delivery has ended. */
export type OnDelivery = (ref: DeliveryRef, result: 'delivered' | 'dead') => void;

export interface DeliverDeps {
  store: DeliveryStore;
  receivers: Receivers;
  onDelivery?: OnDelivery | undefined;
}

/**
 * A kind without a receiver fails and is retried: during an upgrade, a row may be written by a newer release, whose worker knows
 * the kind.
 */
function receiverOf(receivers: Receivers, kind: string): Receiver {
  if (!Object.hasOwn(receivers, kind)) throw new Error(`this release has no receiver for deliveries of kind "${kind}"`);
  return receivers[kind as keyof Receivers];
}

/** Hands one outbox row to its receiver, which `receivers` has by kind. */
export const createDeliver = ({
  store,
  receivers,
  onDelivery = () => {},
}: DeliverDeps): Pick<WorkerActivities, 'deliver' | 'deadLetter'> => {
  const end = async (ref: DeliveryRef, result: 'delivered' | 'dead') => {
    await store.mark(ref, result);
    onDelivery(ref, result);
  };
  return {
    async deliver(ref) {
      await store.mark(ref, 'started');
      const delivery = await store.undelivered(ref);
      if (!delivery) return;
      await receiverOf(receivers, delivery.kind)(delivery);
      await end(ref, 'delivered');
    },
    deadLetter: (ref) => end(ref, 'dead'),
  };
};

/** Starts one `deliveryV1` per row, right after the commit. The reconciler starts what this misses. */
export const createStartDeliveries =
  (starter: Pick<WorkflowStarter, 'startDelivery'>): WorkerActivities['startDeliveries'] =>
  async (refs) => {
    for (const ref of refs) await starter.startDelivery(ref);
  };
