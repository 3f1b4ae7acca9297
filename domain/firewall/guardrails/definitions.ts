import type { GuardrailKind, GuardrailRule } from '../../../contracts/guardrails.ts';
import type { Guardrail } from '../guardrail.ts';
import { NO_PARSERS } from '../parsing/parsers.ts';
import { costGuard } from './cost-guard.ts';
import type { AnyGuardrailDefinition, GuardrailDefinition } from './definition.ts';
import { destination } from './destination.ts';
import { egress } from './egress.ts';
import { expression } from './expression.ts';
import { flow } from './flow.ts';
import { infrastructure } from './infrastructure.ts';
import { jsonSchema } from './json-schema.ts';
import { loopBreaker } from './loop-breaker.ts';
import { mediaGuard } from './media-guard.ts';
import { money } from './money.ts';
import { patternScanner } from './pattern-scanner.ts';
import { piiScanner } from './pii-scanner.ts';
import { privilege } from './privilege.ts';
import { promptInjection } from './prompt-injection.ts';
import { secretScanner } from './secret-scanner.ts';
import { semanticLoop } from './semantic-loop.ts';
import { shell } from './shell.ts';
import { sql } from './sql.ts';
import { unknownAction } from './unknown-action.ts';
import { velocityLimit } from './velocity-limit.ts';

export type GuardrailDefinitions = { readonly [Kind in GuardrailKind]: GuardrailDefinition<Kind> };

/** Every kind of guardrail. Findings are listed in the order of the kinds. */
export const DEFINITIONS: GuardrailDefinitions = {
  egress,
  destination,
  privilege,
  sql,
  shell,
  infrastructure,
  secret_scanner: secretScanner,
  pii_scanner: piiScanner,
  prompt_injection: promptInjection,
  flow,
  money,
  pattern_scanner: patternScanner,
  velocity_limit: velocityLimit,
  loop_breaker: loopBreaker,
  semantic_loop: semanticLoop,
  cost_guard: costGuard,
  json_schema: jsonSchema,
  expression,
  media_guard: mediaGuard,
  unknown_action: unknownAction,
};

/** The definition of a rule's kind. */
export const definitionOf = ({ kind }: Pick<GuardrailRule, 'kind'>): AnyGuardrailDefinition => DEFINITIONS[kind];

export const isGuardrailKind = (name: string): name is GuardrailKind => Object.hasOwn(DEFINITIONS, name);

/** The guardrails that every project has. */
export const BUILT_IN: readonly Guardrail[] = Object.values<AnyGuardrailDefinition>(DEFINITIONS)
  .filter(({ builtIn }) => builtIn)
  .map(({ kind, create }) => create({ kind } as GuardrailRule, NO_PARSERS));
