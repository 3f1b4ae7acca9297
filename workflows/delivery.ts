import * as wf from '@temporalio/workflow';
import type { DeliveryRef } from '../contracts/workflow.ts';
import { parseDeliveryRef } from '../domain/approval/messages.ts';
import { foreign } from './foreign.ts';
import { assertOneSdk } from './one-sdk.ts';
import { activity } from './proxies.ts';

/** Retries for three days, up to ten minutes apart: a receiver may be away that long. */
const deliver = activity('deliver', {
  // Detects a worker that died; repeating a delivery is safe.
  startToCloseTimeout: '7s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '10m' },
  scheduleToCloseTimeout: '75h',
});
const deadLetter = activity('deadLetter', {
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '1m' },
});

/** One run per outbox row, id `delivery/<delivery id>`. A row that cannot be delivered becomes a dead letter, not a failed workflow. */
export async function deliveryV1(given: DeliveryRef): Promise<'delivered' | 'dead'> {
  assertOneSdk();
  const ref = parseDeliveryRef(given);
  if (!ref) throw foreign('the input is not of a delivery');
  try {
    await deliver(ref);
    return 'delivered';
  } catch (error) {
    if (wf.isCancellation(error)) throw error;
    wf.log.error('delivery failed, dead-lettered', { delivery_id: ref.delivery_id });
    await deadLetter(ref);
    return 'dead';
  }
}
