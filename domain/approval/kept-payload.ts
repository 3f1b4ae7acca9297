import { DomainError } from '../errors.ts';
import type { StoredRequest, UnsealedRequest } from './record.ts';

/** The request with its payload, for what shows it, answers with it or lets it run. @throws DomainError `payload_removed` */
export function withPayload(request: StoredRequest): UnsealedRequest {
  if (!request.payload_removed_at) return request;
  throw new DomainError(
    'payload_removed',
    `The payload of this request was removed at ${request.payload_removed_at.toISOString()}, after the retention time of its project. Its outcome and its receipt remain, and nothing may run any more; request the action again.`,
  );
}
