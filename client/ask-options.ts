import type { ActionContext, IngestBody, MIN_EXPIRES_IN_MS, Priority } from '../contracts/action.ts';
import type { JsonObject } from '../contracts/json.ts';
import { withoutLpMeta } from '../domain/lp-meta.ts';
import { LetsPingError } from './errors.ts';

/** What an agent asks for. Names of members are those of the published client; what is ours is marked so. */
export interface AskOptions {
  service: string;
  action: string;
  payload: JsonObject;
  /** @default 'medium' */
  priority?: Priority;
  /** JSON Schema of the payload, for the editor and for patches. From zod: `z.toJSONSchema(schema)`. */
  schema?: unknown;
  /** The role that has to decide. */
  role?: string;
  /** How long to wait here. With `ask` and `run` the request expires with it, unless `expiresInMs` says otherwise. @default 24 hours */
  timeoutMs?: number;
  /** Ours: after how long nobody's answer is a no. @default the project's policy */
  expiresInMs?: number;
  /**
   * Ours: what the host program knows of the call, never the model's words: whether third-party text was read (`untrusted`) and
   * private data is held (`private`), which domains and recipients the trusted request names, the request itself, the calls
   * before. Without `untrusted` the call may be judged as if such text had been read.
   */
  context?: ActionContext;
  traceId?: string;
  trace_id?: string;
  parentRequestId?: string;
  parent_request_id?: string;
  /** @default LETSPING_ENVIRONMENT */
  environment?: string;
  /** Ours: the same key opens the same request again, also after a restart of the agent. @default a random one per call */
  idempotencyKey?: string;
  /** Ours: ends the wait with the signal's reason. */
  signal?: AbortSignal;
}

/** What was asked, frozen at the moment of asking: the caller's object may change while somebody thinks. */
export interface Asked {
  service: string;
  action: string;
  payload: JsonObject;
}

/** The server takes nothing shorter. */
const SHORTEST_EXPIRY_MS: typeof MIN_EXPIRES_IN_MS = 1_000;

const invalid = (message: string) => new LetsPingError('LETSPING_INVALID_ARGUMENT', message);

/** A copy that is JSON. `JSON.stringify` alone would turn NaN into null, and the approver would see another value than the author meant. */
function jsonCopy(payload: unknown): JsonObject {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw invalid('payload must be an object');
  const finite = (key: string, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value))
      throw invalid(`payload: ${JSON.stringify(key)} is no finite number`);
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
export function askedOf({ service, action, payload }: AskOptions): Asked {
  if (typeof service !== 'string' || typeof action !== 'string') throw invalid('service and action must be texts');
  // As the server reads them: the digest is taken over what is left.
  return { service: service.trim(), action: action.trim(), payload: withoutLpMeta(jsonCopy(payload)) };
}

/** Body of `POST /api/ingest`. */
export function ingestBody(asked: Asked, options: AskOptions, environment: string | undefined): IngestBody {
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
    ...asked,
    priority: options.priority ?? 'medium',
    metadata: Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== undefined)),
    ...(schema === undefined ? {} : { schema }),
    ...(options.context === undefined ? {} : { context: options.context }),
    ...(options.expiresInMs === undefined ? {} : { expires_in_ms: options.expiresInMs }),
  };
}

/** An agent that stops waiting takes its question along: else somebody approves what nobody will run any more. */
export const expiringWithWait = (options: AskOptions): AskOptions =>
  options.timeoutMs === undefined || options.expiresInMs !== undefined
    ? options
    : { ...options, expiresInMs: Math.max(SHORTEST_EXPIRY_MS, Math.ceil(options.timeoutMs)) };
