import type { DeliveryRef, RequestRef } from '../../contracts/workflow.ts';

/** An interrupt of a thread, and whether all its requests are closed. */
export interface AnsweredInterrupt {
  thread_key: string;
  interrupt_id: string;
  graph: string;
  task_queue: string;
  all_closed: boolean;
}

/** An outbox row that has not been delivered. */
export interface Delivery extends DeliveryRef, RequestRef {
  /** As stored. A row may have a kind that this release does not know. */
  kind: string;
  /** Within its kind: which interrupt of a thread. */
  receiver: string;
}

/** What the activity `deliver` reads and writes. */
export interface DeliveryStore {
  /** Undefined for an unknown row or one that was delivered. */
  undelivered(ref: DeliveryRef): Promise<Delivery | undefined>;
  mark(ref: DeliveryRef, state: 'started' | 'delivered' | 'dead'): Promise<void>;
}

/** What the receiver `langgraph` reads. */
export interface InterruptReader {
  interruptOf(ref: RequestRef): Promise<AnsweredInterrupt | undefined>;
}
