import { LetsPing } from 'letsping-temporal';

/** A request that another process has opened. */
export const action = { service: 'billing-agent', action: 'refund_user', payload: { order: '1042', amount: 4900 } };
const opened = await new LetsPing().open(action);
export const id = opened.id;
