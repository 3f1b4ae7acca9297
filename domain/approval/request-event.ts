import type { ApprovalEvent } from '../../contracts/events.ts';

/** An event of a request, with what says who may see it. */
export interface RequestEvent extends ApprovalEvent {
  project_id: string;
  requested_by: string;
  service: string;
}
