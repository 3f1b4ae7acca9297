import { z } from 'zod';
import { Severity } from './verdict.ts';

/** `*` matches everything; `crm-*` a prefix; anything else the whole name. */
export const NamePattern = z
  .string()
  .min(1)
  .max(200)
  .regex(/^(\*|[^*]+\*?)$/, 'a name, a prefix ending in *, or *');

const says = <Schema extends z.ZodType>(schema: Schema, description: string): Schema => schema.meta({ description });
const texts = (most: number, longest: number, description: string) =>
  z.array(z.string().min(1).max(longest)).max(most).optional().meta({ description });
const Pointer = z
  .string()
  .max(1_000)
  .regex(/^(?:\/(?:[^~/]|~[01])*)*$/, 'a JSON Pointer (RFC 6901)');
const Minor = z.int().min(0);
const Window = z
  .int()
  .min(1)
  .max(366 * 24 * 3_600);

/** Which actions a guardrail judges. */
export const AppliesTo = z.strictObject({ service: NamePattern.optional(), action: NamePattern.optional() });

const common = {
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'lower-case letters, digits, - and _')
    .optional()
    .meta({ description: 'Stands for the kind in the ids of its findings. Default: the kind' }),
  enabled: says(
    z.boolean().optional(),
    'Default true. False also switches off the shipped guardrail of this kind where this one applies',
  ),
  applies_to: says(z.array(AppliesTo).min(1).max(100).optional(), 'Services and actions it judges. Default: all'),
  severity: says(Severity.optional(), 'Severity of its findings in place of its own'),
  verdict: says(z.enum(['hold', 'block']).optional(), 'What its findings do in place of what their severity does'),
};

const kind = <Kind extends string, Shape extends z.ZodRawShape>(name: Kind, shape: Shape) =>
  z.strictObject({ kind: z.literal(name), ...common, ...shape });

export const EgressRule = kind('egress', {
  allowed_schemes: texts(20, 30, 'Schemes a URL may have. Default: every one that calls a public service'),
  allowed_domains: texts(1_000, 253, 'Domains a URL may lie in, whole labels. Default: any public one'),
  denied_domains: texts(1_000, 253, 'Domains no URL may lie in; wins over the allowed ones'),
  allowed_ports: says(z.array(z.int().min(1).max(65_535)).max(100).optional(), 'Ports a URL may name. Default: any'),
  allowed_methods: texts(20, 20, 'HTTP methods an action may name. Default: any'),
  allowed_paths: texts(200, 1_000, 'Prefixes, at a slash, that the path of a URL must have. Default: any'),
  extra_blocked_addresses: texts(200, 50, 'Addresses or CIDR ranges nobody may call'),
  allow_private: says(
    z.boolean().optional(),
    'Default false. True lets private networks pass; metadata services never',
  ),
});
export const DestinationRule = kind('destination', {
  allowed: texts(1_000, 320, "Domains, mail addresses, accounts and names an action may send to, beside the policy's"),
  public_mail_exact: says(
    z.boolean().optional(),
    'Default true: at a public mail provider only a whole address counts',
  ),
  max_new: says(z.int().min(0).max(1_000).optional(), 'Unknown destinations of one call that pass. Default 0'),
});
export const PrivilegeRule = kind('privilege', {
  extra_words: texts(200, 50, 'Further words that grant when a key of that name is switched on'),
  extra_roles: texts(200, 100, 'Further roles that count as administrator'),
  exempt_pointers: says(z.array(Pointer).max(200).optional(), 'Places that are not judged; array indices as *'),
});
export const FlowRule = kind('flow', {
  side_effects: says(
    z.array(AppliesTo).max(500).optional(),
    'Actions that change something outside, whatever their names say',
  ),
  reads: says(z.array(AppliesTo).max(500).optional(), 'Actions that change nothing, whatever their names say'),
});
export const SqlRule = kind('sql', {
  allow_verbs: texts(50, 30, 'Verbs that may run, as select, insert. Default: all that are not destructive'),
  allowed_relations: texts(1_000, 130, 'Tables that may be named. Default: any'),
  require_where: says(z.boolean().optional(), 'Default true: UPDATE and DELETE need a WHERE that bounds them'),
  max_statements: says(z.int().min(1).max(100).optional(), 'Statements in one text. Default 1'),
});
export const ShellRule = kind('shell', {
  allowed_commands: texts(500, 100, 'Commands that may run. Default: all that are not destructive'),
  allowed_paths: texts(200, 1_000, 'Folders that commands may write to or delete in'),
  deny_network: says(z.boolean().optional(), 'Default false. True holds every command that opens a connection'),
});
export const InfrastructureRule = kind('infrastructure', {
  protected_resources: texts(500, 300, 'Addresses or prefixes ending in * that no plan may change'),
  allow_delete: says(z.boolean().optional(), 'Default false. True lets a plan delete what is not protected'),
  allow_world_open: says(z.boolean().optional(), 'Default false. True lets networks and buckets open to everybody'),
});
export const MoneyRule = kind('money', {
  currencies: texts(200, 3, 'ISO 4217 codes an amount may have. Default: any known one'),
  per_call: says(Minor.optional(), 'Most that one call may move, in minor units'),
  per_window: says(
    Minor.optional(),
    "Most that the calls of a window may move together, in minor units; needs the host's history",
  ),
  window_s: says(Window.optional(), 'Length of the window. Default 86400'),
  original_pointer: says(Pointer.optional(), 'Where the original charge stands: a refund may not exceed it'),
  amounts_in: says(z.enum(['minor', 'major']).optional(), 'Unit of amounts in payloads. Default minor'),
});
export const PII_ENTITIES = ['card', 'iban', 'national_id', 'email', 'phone'] as const;
export const PiiRule = kind('pii_scanner', {
  entities: says(z.array(z.enum(PII_ENTITIES)).max(10).optional(), 'What to look for. Default card, iban, national_id'),
  pointers: says(z.array(Pointer).max(100).optional(), 'Places to read, with what lies below. Default: all'),
  only_to_unknown: says(
    z.boolean().optional(),
    'Default true: medium only when the call reaches a destination nobody listed, else low',
  ),
});
export const SecretRule = kind('secret_scanner', {
  extra_patterns: texts(50, 1_000, 'Further patterns (RE2)'),
  only_to_unknown: says(
    z.boolean().optional(),
    'Default true: medium or more only when the call reaches a destination nobody listed, else low',
  ),
});
export const PromptInjectionRule = kind('prompt_injection', {
  pointers: says(z.array(Pointer).max(100).optional(), 'Places to read, with what lies below. Default: all'),
});
export const PatternRule = kind('pattern_scanner', {
  pointer: says(Pointer.optional(), 'Place to read, with what lies below. Default: all'),
  pattern: says(z.string().min(1).max(1_000).optional(), 'RE2: no look-around, no back-reference, no count above 1000'),
  values: texts(1_000, 1_000, 'Texts to find whole, in place of a pattern'),
  case: says(z.enum(['exact', 'ignore']).optional(), 'Default exact'),
  negate: says(z.boolean().optional(), 'Default false. True reports the values that do not match'),
  message: says(z.string().min(1).max(300).optional(), 'Sentence for the approver'),
});
export const VelocityRule = kind('velocity_limit', {
  key: says(
    z.enum(['project', 'service', 'action', 'agent', 'target']).optional(),
    'What is counted together. Default action',
  ),
  max: says(z.int().min(1).max(1_000_000), 'Calls of one window that pass'),
  window_s: Window,
});
export const LoopRule = kind('loop_breaker', {
  match: says(
    z.enum(['exact', 'skeleton']).optional(),
    'exact: the same payload; skeleton: the same shape. Default exact',
  ),
  max_repeats: says(z.int().min(1).max(10_000).optional(), 'Default 20'),
  window_s: says(Window.optional(), 'Default 60'),
});
export const SemanticLoopRule = kind('semantic_loop', {
  threshold: says(z.number().min(0.5).max(1).optional(), 'Similarity from which two calls count as one. Default 0.9'),
  max_repeats: says(z.int().min(1).max(1_000).optional(), 'Similar calls that pass. Default 5'),
  window: says(z.int().min(1).max(1_000).optional(), 'Earlier calls that are compared. Default 20'),
});
export const CostRule = kind('cost_guard', {
  amount_pointer: says(Pointer.optional(), 'Where the amount stands, an integer in minor units'),
  currency: says(
    z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional(),
    'Currency the call must name, if it names one',
  ),
  per_call: says(Minor.optional(), 'Most of one call'),
  per_window: says(Minor.optional(), 'Most of all calls of a window, and of those to one target'),
  window_s: says(Window.optional(), 'Default 86400'),
  max_bytes: says(z.int().min(1).optional(), 'Size of the payload as canonical JSON'),
});
export const SchemaRule = kind('json_schema', {
  schema: says(
    z.record(z.string(), z.unknown()),
    'JSON Schema 2020-12 of the payload: at most 64 KB, no remote references, patterns in RE2',
  ),
});
export const ExpressionRule = kind('expression', {
  cel: says(
    z.string().min(1).max(4_000),
    'CEL; true reports a finding. Sees service, action, payload, context, amounts, destinations',
  ),
  message: says(z.string().min(1).max(300).optional(), 'Sentence for the approver'),
});
export const MediaRule = kind('media_guard', {
  mime: texts(200, 100, 'Media types that may be sent, as image/png or image/*'),
  max_bytes: says(z.int().min(1).optional(), 'Most bytes of one medium'),
  max_pixels: says(z.int().min(1).optional(), 'Most pixels of one picture, width times height'),
  max_duration_s: says(z.number().min(0).optional(), 'Longest sound or film'),
});
export const KnownActionsRule = kind('unknown_action', {
  known: says(z.array(AppliesTo).min(1).max(1_000), 'Every action of the project; any other is reported'),
});

/** One configured guardrail. An unknown kind or parameter is refused. */
export const GuardrailRule = z
  .discriminatedUnion('kind', [
    EgressRule,
    DestinationRule,
    PrivilegeRule,
    FlowRule,
    SqlRule,
    ShellRule,
    InfrastructureRule,
    MoneyRule,
    PiiRule,
    SecretRule,
    PromptInjectionRule,
    PatternRule,
    VelocityRule,
    LoopRule,
    SemanticLoopRule,
    CostRule,
    SchemaRule,
    ExpressionRule,
    MediaRule,
    KnownActionsRule,
  ])
  .meta({ id: 'GuardrailRule', title: 'GuardrailRule' });
export type GuardrailRule = z.infer<typeof GuardrailRule>;
export type GuardrailKind = GuardrailRule['kind'];
export type RuleOf<Kind extends GuardrailKind> = Extract<GuardrailRule, { kind: Kind }>;

export const ARGUMENT_ROLES = [
  'destination',
  'recipient',
  'amount',
  'permission',
  'query',
  'command',
  'path',
  'free_text',
] as const;
export type ArgumentRole = (typeof ARGUMENT_ROLES)[number];

/** What the arguments of an action are, where their names do not say it. */
export const ActionArguments = z
  .strictObject({
    service: NamePattern.optional(),
    action: NamePattern.optional(),
    roles: says(z.record(Pointer, z.enum(ARGUMENT_ROLES)), 'Role by JSON Pointer; array indices as *'),
  })
  .meta({ id: 'ActionArguments', title: 'ActionArguments' });
export type ActionArguments = z.infer<typeof ActionArguments>;

export const PACKS = ['http', 'sql', 'money', 'iam', 'shell', 'crm'] as const;
export const Pack = z.enum(PACKS);
export type Pack = z.infer<typeof Pack>;
