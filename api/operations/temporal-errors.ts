import { isGrpcServiceError } from '@temporalio/client';

export const RESOURCE_EXHAUSTED = 8;
export const FAILED_PRECONDITION = 9;
export const UNAVAILABLE = 14;

/** The gRPC status of what the client threw, also where the SDK wrapped it. */
export const grpcCode = (error: unknown): number | undefined => {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  return isGrpcServiceError(cause) ? cause.code : isGrpcServiceError(error) ? error.code : undefined;
};

const DEADLINE_EXCEEDED = 4;

/** The server is away, or did not answer within the deadline that was set for it. */
export const isUnavailable = (error: unknown): boolean =>
  [UNAVAILABLE, DEADLINE_EXCEEDED].includes(grpcCode(error) ?? -1);
