import type { ApprovalEvent } from '../../contracts/events.ts';

/** An event of a request as it is sent between processes: with its project, and the key that opened the request. */
export interface RequestEvent extends ApprovalEvent {
  project_id: string;
  key_id: string;
}
