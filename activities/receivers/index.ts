import type { DeliveryKind } from '../../domain/outbox/kinds.ts';
import { type LanggraphDeps, langgraph } from './langgraph.ts';
import type { Receiver } from './receiver.ts';

export type Receivers = Record<DeliveryKind, Receiver>;
export type ReceiverDeps = LanggraphDeps;

/** The table of receivers: one line per kind. */
export const createReceivers = (deps: ReceiverDeps): Receivers => ({
  langgraph: langgraph(deps),
});
