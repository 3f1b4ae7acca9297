/**
 * The kinds of receivers. To add one: a line here, its query in storage/outbox/receivers.ts, its file in activities/receivers/ and
 * a test. Without one of them it does not compile.
 */
export const DELIVERY_KINDS = ['langgraph'] as const;
export type DeliveryKind = (typeof DELIVERY_KINDS)[number];
