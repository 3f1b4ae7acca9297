import { z } from 'zod/v4';

export const EVENT_NAMES = [
  'approval_request.opened',
  'approval_request.held',
  'approval_request.patch_proposed',
  'approval_request.resolved',
  'approval_request.permit_changed',
  'approval_request.executed',
] as const;
export const EventName = z.enum(EVENT_NAMES);
export type EventName = z.infer<typeof EventName>;

/** One server-sent event. It contains ids only; the reader fetches the details that it may see. */
export const ApprovalEvent = z
  .object({ event: EventName, request_id: z.string(), occurred_at: z.string() })
  .meta({ id: 'ApprovalEvent', title: 'ApprovalEvent' });
export type ApprovalEvent = z.infer<typeof ApprovalEvent>;
