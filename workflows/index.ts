/** Every workflow of our worker; an export's name is its type's name on the wire. */
export { approvalV1 } from './approval.ts';
export { deliveryV1 } from './delivery.ts';
export { reconcileV1 } from './reconcile.ts';
export { resumeThreadV1 } from './resume-thread.ts';
