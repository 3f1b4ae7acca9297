import * as wf from '@temporalio/workflow';
import type { DeliveryActivities, DeliveryRef } from '../contracts/workflow.ts';

/** Patient: a receiver that is away for days is tried again, ever less often. */
const { deliver } = wf.proxyActivities<DeliveryActivities>({
  // A worker that dies with it is noticed after this; repeating it changes nothing.
  startToCloseTimeout: '7s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10m' },
  scheduleToCloseTimeout: '75h',
});

/** One run per row of the outbox, id `delivery/<delivery id>`. A row that cannot be delivered ends as a dead letter, not as a failed workflow. */
export async function deliveryV1(ref: DeliveryRef): Promise<'delivered' | 'dead'> {
  try {
    await deliver(ref);
    return 'delivered';
  } catch (error) {
    if (wf.isCancellation(error)) throw error;
    wf.log.error('delivery given up', { delivery_id: ref.delivery_id });
    await bury(ref);
    return 'dead';
  }
}

const { bury } = wf.proxyActivities<DeliveryActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '1m' },
});
