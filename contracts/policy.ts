import { z } from 'zod/v4';
import { ContextTrust, MAX_EXPIRES_IN_MS, MIN_EXPIRES_IN_MS } from './action.ts';
import { ActionArguments, GuardrailRule, NamePattern as Pattern, RuleSetName } from './guardrails.ts';
import { Text } from './text.ts';

export const ROUTINGS = ['observe', 'review_flagged', 'review_all'] as const;
/**
 * What happens to an action that nothing blocks: `observe` allows everything and records the findings,
 * `review_flagged` holds an action with a finding of medium severity or more, `review_all` holds everything.
 */
export const Routing = z.enum(ROUTINGS);
export type Routing = z.infer<typeof Routing>;

/** What the policy in force asks of a claim. Without a member, nothing. */
export const PermitRules = z
  .strictObject({
    recheck: z.boolean().optional().meta({
      description: 'The action is screened again at each claim; blocked or held for a new reason, nothing may run',
    }),
    expires_in_ms: z
      .int()
      .min(MIN_EXPIRES_IN_MS)
      .max(MAX_EXPIRES_IN_MS)
      .optional()
      .meta({ description: 'A permit older than this is not claimed' }),
    retry: z.enum(['allow', 'refuse']).optional().meta({
      description: 'Whether an unknown result may be claimed again by callers that say `retryable`. Default allow',
    }),
  })
  .meta({ id: 'PermitRules', title: 'PermitRules' });
export type PermitRules = z.infer<typeof PermitRules>;

export const PolicyRoute = z
  .strictObject({
    service: Pattern.default('*'),
    action: Pattern.default('*'),
    routing: Routing,
    expires_in_ms: z.int().min(MIN_EXPIRES_IN_MS).max(MAX_EXPIRES_IN_MS).optional(),
    block: z.array(Text.min(1).max(100)).max(100).optional().meta({
      description: 'Guardrail or finding ids that block instead of hold: `egress`, `egress/metadata`',
    }),
    permit: PermitRules.optional(),
  })
  .meta({ id: 'PolicyRoute', title: 'PolicyRoute' });
export type PolicyRoute = z.infer<typeof PolicyRoute>;

/** What a project decides for all its agents. One document, versioned; the first matching route wins. */
export const Policy = z
  .strictObject({
    default_routing: Routing.default('review_all'),
    routes: z.array(PolicyRoute).max(1_000).default([]),
    expires_in_ms: z.int().min(MIN_EXPIRES_IN_MS).max(MAX_EXPIRES_IN_MS).optional(),
    permit: PermitRules.optional().meta({ description: 'For actions whose route has none' }),
    allowed_domains: z
      .array(Text.min(1).max(253))
      .max(1_000)
      .default([])
      .meta({ description: 'Registrable domains or hosts that an action may send to; subdomains included' }),
    known_recipients: z.array(Text.min(1).max(320)).max(10_000).optional().meta({
      description: 'Accounts, people, channels and whole addresses that every action may send to',
    }),
    packs: z
      .array(RuleSetName)
      .max(20)
      .optional()
      .meta({ description: 'Rule sets to add to the guardrails that every project has' }),
    guardrails: z.array(GuardrailRule).max(500).optional().meta({
      description:
        'Guardrails of this project. One of a built-in kind replaces the built-in guardrail where it applies; the first that applies wins',
    }),
    arguments: z
      .array(ActionArguments)
      .max(1_000)
      .optional()
      .meta({ description: 'Roles of arguments, per action; all that match count' }),
    undeclared: z.enum(['strict', 'lenient']).optional().meta({
      description:
        'Whether an action without `context.untrusted` counts as untrusted for what the policy or the context lets it judge. Default strict',
    }),
    context_trust: ContextTrust.optional().meta({
      description:
        'tighten_only: no context makes a verdict milder, whatever key carries it. full, the default: as far as the key is trusted',
    }),
    widening_patches: z.enum(['refuse', 'second_approver']).optional().meta({
      description:
        'A patch with a finding that the original did not have is refused, or runs once a second approver approves it. Default refuse',
    }),
    accept_unsigned_signals: z.boolean().default(false).meta({
      description:
        'Whether a plain Temporal Signal `decide` counts: everyone who can write to the namespace is then trusted',
    }),
    resume_task_queue: Text.min(1)
      .max(200)
      .default('letsping-agents')
      .meta({ description: "The task queue of the team's resume worker" }),
  })
  .meta({ id: 'Policy', title: 'Policy' });
export type Policy = z.infer<typeof Policy>;

/** `GET /api/policy`. Version 0 is the default of a project without a policy: it holds everything. */
export const PolicyVersion = z
  .object({
    version: z.int().min(0),
    digest: z.string(),
    policy: Policy,
    created_by: z.string().nullable(),
    created_at: z.string().nullable(),
  })
  .meta({ id: 'PolicyVersion', title: 'PolicyVersion' });
export type PolicyVersion = z.infer<typeof PolicyVersion>;
