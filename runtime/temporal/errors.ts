import { status } from '@grpc/grpc-js';
import {
  isGrpcServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TimeoutError } from 'p-timeout';
import { PayloadCodecFailed } from './payload-codec.ts';

/** Why a call on a workflow failed, in the cases that callers distinguish. */
export type TemporalFailure =
  /** The workflow's own refusal of an update; `type` is undefined or the SDK's where the workflow closed under the update. */
  | { kind: 'refused'; type: string | undefined }
  /** No such workflow is open. */
  | { kind: 'not_found' }
  /** No connection to the server, or the team's payload codec fails: nothing was sent. */
  | { kind: 'unavailable' }
  /** The server limits this workflow or namespace, and has taken nothing. */
  | { kind: 'busy' }
  /** A workflow task failed under the call. */
  | { kind: 'interrupted' }
  /** No answer in time. The server may have taken the message. */
  | { kind: 'timeout' }
  /** Any other gRPC status: a missing permission, a bug of the server. */
  | { kind: 'rejected'; status: status };

/** The gRPC status of an error of the client, also where the SDK wrapped it. */
export function grpcStatus(error: unknown): status | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && isGrpcServiceError(error.cause) ? error.cause.code : undefined;
}

const isCodecFailure = (error: unknown): boolean =>
  error instanceof PayloadCodecFailed || (error instanceof Error && error.cause instanceof PayloadCodecFailed);

const KIND_OF_STATUS: Partial<Record<status, 'unavailable' | 'busy' | 'interrupted' | 'timeout'>> = {
  [status.UNAVAILABLE]: 'unavailable',
  [status.RESOURCE_EXHAUSTED]: 'busy',
  [status.FAILED_PRECONDITION]: 'interrupted',
  [status.DEADLINE_EXCEEDED]: 'timeout',
  [status.CANCELLED]: 'timeout',
};

/** The only place where errors of the Temporal client are unwrapped. Undefined: not one of them, so a bug. */
export function temporalFailure(error: unknown): TemporalFailure | undefined {
  if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure)
    return { kind: 'refused', type: error.cause.type ?? undefined };
  if (error instanceof WorkflowNotFoundError) return { kind: 'not_found' };
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || error instanceof TimeoutError)
    return { kind: 'timeout' };
  if (isCodecFailure(error)) return { kind: 'unavailable' };
  const code = grpcStatus(error);
  if (code === undefined) return undefined;
  const kind = KIND_OF_STATUS[code];
  return kind ? { kind } : { kind: 'rejected', status: code };
}
