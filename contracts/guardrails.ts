import { z } from 'zod/v4';
import { CostGuardRule } from './guardrails/cost-guard.ts';
import { DestinationRule } from './guardrails/destination.ts';
import { EgressRule } from './guardrails/egress.ts';
import { ExpressionRule } from './guardrails/expression.ts';
import { FlowRule } from './guardrails/flow.ts';
import { InfrastructureRule } from './guardrails/infrastructure.ts';
import { JsonSchemaRule } from './guardrails/json-schema.ts';
import { LoopBreakerRule } from './guardrails/loop-breaker.ts';
import { MediaGuardRule } from './guardrails/media-guard.ts';
import { MoneyRule } from './guardrails/money.ts';
import { PatternScannerRule } from './guardrails/pattern-scanner.ts';
import { PII_ENTITIES, PiiScannerRule } from './guardrails/pii-scanner.ts';
import { PrivilegeRule } from './guardrails/privilege.ts';
import { PromptInjectionRule } from './guardrails/prompt-injection.ts';
import { described, NamePattern, Pointer } from './guardrails/rule.ts';
import { SecretScannerRule } from './guardrails/secret-scanner.ts';
import { SemanticLoopRule } from './guardrails/semantic-loop.ts';
import { ShellRule } from './guardrails/shell.ts';
import { SqlRule } from './guardrails/sql.ts';
import { UnknownActionRule } from './guardrails/unknown-action.ts';
import { VelocityLimitRule } from './guardrails/velocity-limit.ts';

export { NamePattern, PII_ENTITIES };

/**
 * One configured guardrail. An unknown kind or parameter is refused. Each kind has its schema in `guardrails/<kind>.ts` and its
 * definition in `domain/firewall/guardrails/<kind>.ts`: one without the other does not compile.
 */
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
    PiiScannerRule,
    SecretScannerRule,
    PromptInjectionRule,
    PatternScannerRule,
    VelocityLimitRule,
    LoopBreakerRule,
    SemanticLoopRule,
    CostGuardRule,
    JsonSchemaRule,
    ExpressionRule,
    MediaGuardRule,
    UnknownActionRule,
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

/** What the arguments of an action are, where their names do not show it. */
export const ActionArguments = z
  .strictObject({
    service: NamePattern.optional(),
    action: NamePattern.optional(),
    roles: described(z.record(Pointer, z.enum(ARGUMENT_ROLES)), 'Role by JSON Pointer; array indices as *'),
  })
  .meta({ id: 'ActionArguments', title: 'ActionArguments' });
export type ActionArguments = z.infer<typeof ActionArguments>;

/** Rule sets that come with the product; `packs` of a policy names them. */
export const RULE_SET_NAMES = ['http', 'sql', 'money', 'iam', 'shell', 'crm'] as const;
export const RuleSetName = z.enum(RULE_SET_NAMES);
export type RuleSetName = z.infer<typeof RuleSetName>;
