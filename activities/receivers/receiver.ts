import type { Delivery } from '../../domain/outbox/ports.ts';

/**
 * Hands one outbox row over. Safe to repeat, within 7 s. An error is retried for three days, then the row is dead-lettered; an
 * `ApplicationFailure.nonRetryable` dead-letters it at once. Error messages stay in workflow histories: ids only, no payload.
 */
export type Receiver = (delivery: Delivery) => Promise<void>;
