import type { ActionContext, IngestBody, MIN_EXPIRES_IN_MS, Priority } from '../contracts/action.ts';
import { isObject } from '../contracts/is-object.ts';
import type { JsonObject } from '../contracts/json.ts';
import { withoutLpMeta } from '../domain/lp-meta.ts';
import { isSealedPayload } from '../domain/sealed-payload.ts';
import { LetsPingError } from './errors.ts';
import { type KnownMembers, refuseUnknownMembers } from './known-members.ts';

/** A request of an agent. Members are named as in the published client; additions are marked "Not in the published client". */
export interface AskOptions {
  service: string;
  action: string;
  payload: JsonObject;
  /** @default 'medium' */
  priority?: Priority;
  /** JSON Schema of the payload, for the editor and for patches. From zod: `z.toJSONSchema(schema)`. */
  schema?: unknown;
  /** The role that may decide. */
  role?: string;
  /** How long this call waits. With `ask` and `run` the request expires at the same time, unless `expiresInMs` is given. @default 24 hours */
  timeoutMs?: number;
  /** Time until an undecided request is rejected. Not in the published client. @default the project's policy */
  expiresInMs?: number;
  /**
   * What the host program knows about the call, never a model's words: whether third-party text was read (`untrusted`),
   * whether the session contains private data (`private`), the domains and recipients that the trusted request names, the
   * request itself, and earlier calls. Without `untrusted` the call may be judged as untrusted. Not in the published client.
   */
  context?: ActionContext;
  traceId?: string;
  trace_id?: string;
  parentRequestId?: string;
  parent_request_id?: string;
  /** @default LETSPING_ENVIRONMENT */
  environment?: string;
  /** The same key returns the same request, also after a restart of the agent. Not in the published client. @default random per call */
  idempotencyKey?: string;
  /** Aborts the wait with the signal's reason. Not in the published client. */
  signal?: AbortSignal;
}

const NO_PARKED_STATE =
  'state_snapshot is not served: this client parks no state. Keep it yourself, or pause in LangGraph with its checkpointer';

/** A new option is added here too, or this does not compile. */
const OPTIONS: KnownMembers & Record<keyof AskOptions, true> = {
  service: true,
  action: true,
  payload: true,
  priority: true,
  schema: true,
  role: true,
  timeoutMs: true,
  expiresInMs: true,
  context: true,
  traceId: true,
  trace_id: true,
  parentRequestId: true,
  parent_request_id: true,
  environment: true,
  idempotencyKey: true,
  signal: true,
  state_snapshot: NO_PARKED_STATE,
  stateSnapshot: NO_PARKED_STATE,
} as const;

/** The requested action, copied when the request is made: the caller's object may change during the wait. */
export interface RequestedAction {
  service: string;
  action: string;
  payload: JsonObject;
}

/** The server's minimum. */
const SHORTEST_EXPIRY_MS: typeof MIN_EXPIRES_IN_MS = 1_000;

const invalid = (message: string) => new LetsPingError('LETSPING_INVALID_ARGUMENT', message);

/** A JSON copy. `JSON.stringify` alone would turn NaN into null, and the approver would see another value than intended. */
function jsonCopy(payload: unknown): JsonObject {
  if (!isObject(payload)) throw invalid('payload must be an object');
  const finite = (key: string, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value))
      throw invalid(`payload: ${JSON.stringify(key)} is not a finite number`);
    return value;
  };
  try {
    return JSON.parse(JSON.stringify(payload, finite)) as JsonObject;
  } catch (error) {
    if (error instanceof LetsPingError) throw error;
    throw new LetsPingError('LETSPING_INVALID_ARGUMENT', `payload is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** @throws LetsPingError `LETSPING_INVALID_ARGUMENT` */
export function requestedAction(options: AskOptions): RequestedAction {
  refuseUnknownMembers(options, OPTIONS, 'LETSPING_INVALID_ARGUMENT');
  const { service, action, payload } = options;
  if (typeof service !== 'string' || typeof action !== 'string') throw invalid('service and action must be strings');
  // Trimmed as by the server: the digest covers the trimmed values.
  const requested = { service: service.trim(), action: action.trim(), payload: withoutLpMeta(jsonCopy(payload)) };
  if (isSealedPayload(requested.payload))
    throw invalid('payload is sealed (_lp_enc): neither firewall nor approver could read it, nor this client open it');
  return requested;
}

/** Body of `POST /api/ingest`. */
export function ingestBody(
  requested: RequestedAction,
  options: AskOptions,
  environment: string | undefined,
  claims: { retryable: boolean } | undefined,
): IngestBody {
  const { schema } = options;
  if (typeof schema === 'object' && schema !== null && ('_def' in schema || '_zod' in schema)) {
    throw invalid('schema is a zod schema: pass z.toJSONSchema(schema)');
  }
  const metadata = {
    sdk: 'letsping-temporal',
    role: options.role,
    trace_id: options.traceId ?? options.trace_id,
    parent_request_id: options.parentRequestId ?? options.parent_request_id,
    environment: options.environment ?? environment,
  };
  return {
    ...requested,
    priority: options.priority ?? 'medium',
    metadata: Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)),
    ...(schema === undefined ? {} : { schema }),
    ...(options.context === undefined ? {} : { context: options.context }),
    ...(options.expiresInMs === undefined ? {} : { expires_in_ms: options.expiresInMs }),
    ...(claims ? { claim: true, ...(claims.retryable && { retryable: true }) } : {}),
  };
}

/** If the caller stops waiting, the request expires, so that no one approves an action that will never run. */
export const expiringWithWait = (options: AskOptions): AskOptions =>
  options.timeoutMs === undefined || options.expiresInMs !== undefined
    ? options
    : { ...options, expiresInMs: Math.max(SHORTEST_EXPIRY_MS, Math.ceil(options.timeoutMs)) };
