/** All workflows of our worker. An export's name is the name of its workflow type. */
export { approvalV1 } from './approval.ts';
export { deliveryV1 } from './delivery.ts';
export { reconcileV1 } from './reconcile.ts';
export { resumeThreadV1 } from './resume-thread.ts';
