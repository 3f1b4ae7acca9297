import type { DeliveryRef, RequestRef } from '../../contracts/workflow.ts';

/** An interrupt of a thread, and whether all its requests are closed. */
export interface AnsweredInterrupt {
  thread_key: string;
  interrupt_id: string;
  graph: string;
  task_queue: string;
  all_closed: boolean;
}

/** What the activity `deliver` reads and writes. */
export interface DeliveryStore {
  /** Undefined for an unknown row or one that was delivered. */
  undelivered(ref: DeliveryRef): Promise<RequestRef | undefined>;
  interruptOf(ref: RequestRef): Promise<AnsweredInterrupt | undefined>;
  mark(ref: DeliveryRef, state: 'started' | 'delivered' | 'dead'): Promise<void>;
}
