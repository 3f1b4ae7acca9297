import { z } from 'zod/v4';
import { JsonObject } from './json.ts';
import { Text } from './text.ts';

export const PRIORITIES = ['low', 'medium', 'high', 'critical'] as const;
export const Priority = z.enum(PRIORITIES);
export type Priority = z.infer<typeof Priority>;

/** Name of a service or of an action. Policies route by it. Free text of the agent's author, bounded. */
const Name = Text.trim().min(1).max(200);

/**
 * How far a context counts. It belongs to the key that carries the context. `tighten_only`: whatever the context says, the verdict is
 * never milder than without it. `full`: the key is that of a host program, whose context no model writes.
 */
export const CONTEXT_TRUSTS = ['tighten_only', 'full'] as const;
export const ContextTrust = z.enum(CONTEXT_TRUSTS);
export type ContextTrust = z.infer<typeof ContextTrust>;

/**
 * What the agent's host program states about the call; never model output. Labels can only tighten a verdict. Names from the
 * trusted request count as known under `full` trust. `thread_id` and `node` are stored in clear, so that requests can be filtered by
 * them; the rest is sealed.
 */
export const ActionContext = z
  .strictObject({
    thread_id: Text.min(1).max(512).optional(),
    node: Text.min(1).max(512).optional(),
    untrusted: z
      .boolean()
      .optional()
      .meta({ description: 'Text that a third party can write was read before this call. Absent: unknown' }),
    private: z.boolean().optional().meta({ description: 'The session holds private data' }),
    allowed_domains: z.array(Text.min(1).max(253)).max(200).optional().meta({
      description: "Domains that the trusted request names, and the organisation's own",
    }),
    known_recipients: z.array(Text.min(1).max(320)).max(200).optional().meta({
      description: 'People, accounts and addresses that the trusted request names',
    }),
    task: Text.max(20_000).optional().meta({ description: 'The trusted request itself, before any tool ran' }),
    history: z
      .array(Text.max(401))
      .max(100)
      .optional()
      .meta({ description: 'Earlier `service/action` pairs of the session, the last one last' }),
  })
  .meta({ id: 'ActionContext', title: 'ActionContext' });
export type ActionContext = z.infer<typeof ActionContext>;

/** One tool call that an agent proposes. `payload_digest` is taken over exactly these three members. */
export const Action = z
  .strictObject({ service: Name, action: Name, payload: JsonObject })
  .meta({ id: 'Action', title: 'Action' });
export type Action = z.infer<typeof Action>;

export const MIN_EXPIRES_IN_MS = 1_000;
export const MAX_EXPIRES_IN_MS = 400 * 24 * 60 * 60 * 1_000;
export const DEFAULT_EXPIRES_IN_MS = 24 * 60 * 60 * 1_000;

/** The `metadata` that published clients send. It can only tighten; unknown members are dropped. */
export const IngestMetadata = z.object({
  sdk: Text.max(64).optional(),
  role: Text.max(64).optional(),
  callback_url: Text.max(2_048).optional(),
  trace_id: Text.max(256).optional(),
  parent_request_id: Text.max(256).optional(),
  environment: Text.max(64).optional(),
});
export type IngestMetadata = z.infer<typeof IngestMetadata>;

/** A member that would be ignored although its sender relies on it. Its presence is refused. */
const notServed = (reason: string) =>
  z
    .unknown()
    .optional()
    .meta({ description: `Refused: ${reason}` });

/** Body of `POST /api/ingest`. Unknown members are dropped, as the published protocol requires; those on which a sender relies are refused. */
export const IngestBody = z
  .object({
    service: Name,
    action: Name,
    payload: JsonObject,
    priority: Priority.default('medium'),
    schema: z.unknown().optional(),
    metadata: IngestMetadata.optional(),
    context: ActionContext.optional(),
    expires_in_ms: z.int().min(MIN_EXPIRES_IN_MS).max(MAX_EXPIRES_IN_MS).optional(),
    claim: z.boolean().optional().meta({
      description: 'Claims the permit too if the action is allowed at once; with the header `X-Letsping-Claim`',
    }),
    retryable: z.boolean().optional().meta({ description: 'Of the claim' }),
    project_id: z.unknown().optional().meta({ description: 'Refused unless it is the project of the key' }),
    agent_id: notServed('agents have API keys only'),
    agent_signature: notServed('no signature is checked'),
    state_snapshot: notServed('no state is parked'),
    role: notServed('it belongs in `metadata`'),
    callback_url: notServed('it belongs in `metadata`'),
  })
  .meta({ id: 'IngestBody', title: 'IngestBody' });
export type IngestBody = z.infer<typeof IngestBody>;
