import type { GuardrailKind, GuardrailRule } from '../../contracts/guardrails.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { Severity } from '../../contracts/verdict.ts';
import type { Guardrail } from './guardrail.ts';
import { BUILT_IN } from './guardrails/built-in.ts';
import { costGuardOf } from './guardrails/cost-guard.ts';
import { loopBreakerOf, semanticLoopOf, velocityLimitOf } from './guardrails/counting.ts';
import { destinationOf } from './guardrails/destination.ts';
import { egressOf } from './guardrails/egress.ts';
import { flowOf } from './guardrails/flow.ts';
import { infrastructureOf } from './guardrails/infrastructure.ts';
import { mediaGuardOf } from './guardrails/media-guard.ts';
import { moneyOf } from './guardrails/money.ts';
import { expressionOf, jsonSchemaOf, patternScannerOf, unknownActionOf } from './guardrails/operator.ts';
import { piiScannerOf } from './guardrails/pii-scanner.ts';
import { privilegeOf } from './guardrails/privilege.ts';
import { promptInjectionOf } from './guardrails/prompt-injection.ts';
import { secretScannerOf } from './guardrails/secret-scanner.ts';
import { shellOf } from './guardrails/shell.ts';
import { sqlOf } from './guardrails/sql.ts';
import type { Parsers } from './parsing/parsers.ts';
import { appliesTo } from './policy/policy.ts';
import { RULE_SETS } from './policy/rule-sets.ts';

/** A guardrail that judges an action, and what the policy makes of its findings. */
export interface ActiveGuardrail {
  guardrail: Guardrail;
  severity?: Severity | undefined;
  verdict?: 'hold' | 'block' | undefined;
}

/** What a rule becomes when its engine is at hand. Throws on a rule that cannot be kept. */
export function guardrailOf(rule: GuardrailRule, parsers: Parsers): Guardrail {
  switch (rule.kind) {
    case 'egress':
      return egressOf(rule);
    case 'destination':
      return destinationOf(rule);
    case 'privilege':
      return privilegeOf(rule);
    case 'flow':
      return flowOf(rule);
    case 'sql':
      return sqlOf(rule);
    case 'shell':
      return shellOf(rule);
    case 'infrastructure':
      return infrastructureOf(rule);
    case 'money':
      return moneyOf(rule);
    case 'pii_scanner':
      return piiScannerOf(rule);
    case 'secret_scanner':
      return secretScannerOf(rule, parsers);
    case 'prompt_injection':
      return promptInjectionOf(rule);
    case 'pattern_scanner':
      return patternScannerOf(rule, parsers);
    case 'velocity_limit':
      return velocityLimitOf(rule);
    case 'loop_breaker':
      return loopBreakerOf(rule);
    case 'semantic_loop':
      return semanticLoopOf(rule);
    case 'cost_guard':
      return costGuardOf(rule);
    case 'json_schema':
      return jsonSchemaOf(rule, parsers);
    case 'expression':
      return expressionOf(rule, parsers);
    case 'media_guard':
      return mediaGuardOf(rule);
    case 'unknown_action':
      return unknownActionOf(rule);
  }
}

const UNCONFIGURED: readonly ActiveGuardrail[] = BUILT_IN.map((guardrail) => ({ guardrail }));
/** Of these one judges an action: the first rule that applies, or else the shipped one. Rules of other kinds all judge. */
const BUILT_IN_KINDS: ReadonlySet<string> = new Set(BUILT_IN.map((guardrail) => guardrail.id));

interface Compiled {
  rules: readonly { rule: GuardrailRule; chosen: ActiveGuardrail | undefined }[];
  /** Guardrails by service and action: a policy of a hundred costs what the ten cost that apply. */
  chosen: Map<string, readonly ActiveGuardrail[]>;
}

const MOST_POLICIES = 64;
const MOST_ACTIONS = 2_000;
/** What a policy compiles to is kept by the policy itself, and by its text for hosts that read it anew for each action. */
const byPolicy = new WeakMap<Policy, WeakMap<Parsers, Compiled>>();
const byText = new WeakMap<Parsers, Map<string, Compiled>>();

/** The guardrails of a policy that judge an action. */
export function guardrailsFor(
  policy: Policy,
  parsers: Parsers,
  service: string,
  action: string,
): readonly ActiveGuardrail[] {
  if ((policy.guardrails?.length ?? 0) + (policy.packs?.length ?? 0) === 0) return UNCONFIGURED;
  const compiled = compiledOf(policy, parsers);
  const key = `${service}\u0000${action}`;
  const before = compiled.chosen.get(key);
  if (before) return before;
  const chosen = chosenFor(compiled, service, action);
  if (compiled.chosen.size >= MOST_ACTIONS) compiled.chosen.clear();
  compiled.chosen.set(key, chosen);
  return chosen;
}

function chosenFor({ rules }: Compiled, service: string, action: string): readonly ActiveGuardrail[] {
  const chosen: ActiveGuardrail[] = [];
  const settled = new Set<string>();
  for (const { rule, chosen: one } of rules) {
    if (!appliesTo(rule.applies_to, service, action)) continue;
    if (BUILT_IN_KINDS.has(rule.kind)) {
      if (settled.has(rule.kind)) continue;
      settled.add(rule.kind);
    }
    if (one) chosen.push(one);
  }
  return [...UNCONFIGURED.filter(({ guardrail }) => !settled.has(guardrail.id)), ...chosen];
}

function compiledOf(policy: Policy, parsers: Parsers): Compiled {
  const own = byPolicy.get(policy)?.get(parsers);
  if (own) return own;
  const texts = byText.get(parsers) ?? new Map<string, Compiled>();
  byText.set(parsers, texts);
  const text = JSON.stringify([policy.guardrails, policy.packs]);
  const compiled = texts.get(text) ?? compile(policy, parsers);
  if (texts.size >= MOST_POLICIES) texts.clear();
  texts.set(text, compiled);
  byPolicy.set(policy, (byPolicy.get(policy) ?? new WeakMap<Parsers, Compiled>()).set(parsers, compiled));
  return compiled;
}

/** The rules of a policy: its own first, so that a pack never loosens or doubles one of them. */
const rulesOf = (policy: Policy): GuardrailRule[] => [
  ...(policy.guardrails ?? []),
  ...(policy.packs ?? []).flatMap((pack) => RULE_SETS[pack]),
];

function compile(policy: Policy, parsers: Parsers): Compiled {
  const rules = rulesOf(policy).map((rule) => {
    if (rule.enabled === false) return { rule, chosen: undefined };
    const { severity, verdict } = rule;
    return { rule, chosen: { guardrail: named(rule, failing(rule, parsers)), severity, verdict } };
  });
  return { rules, chosen: new Map() };
}

/** A rule that cannot be kept does not vanish: it fails, and so holds, whatever it is asked. */
function failing(rule: GuardrailRule, parsers: Parsers): Guardrail {
  try {
    return guardrailOf(rule, parsers);
  } catch (error) {
    return {
      id: rule.kind,
      check: () => {
        throw error;
      },
    };
  }
}

/** Findings carry the rule's own id in place of its kind, so that a policy can tell two of a kind apart. */
function named(rule: GuardrailRule, guardrail: Guardrail): Guardrail {
  const { id } = rule;
  if (id === undefined || id === guardrail.id) return guardrail;
  return {
    id,
    check: (action, context) =>
      guardrail
        .check(action, context)
        .map((finding) => ({ ...finding, id: `${id}${finding.id.slice(guardrail.id.length)}` })),
  };
}

/** What is wrong with a policy's rules, each with the place: a policy is saved only without any. */
export function policyProblems(policy: Policy, parsers: Parsers): { pointer: string; reason: string }[] {
  const problems: { pointer: string; reason: string }[] = [];
  const ids = new Map<string, number>();
  for (const [at, rule] of (policy.guardrails ?? []).entries()) {
    const pointer = `/guardrails/${at}`;
    if (rule.id !== undefined) {
      const other = ids.get(rule.id);
      if (other !== undefined)
        problems.push({ pointer: `${pointer}/id`, reason: `The guardrail at /guardrails/${other} has the same id.` });
      else if (KIND_NAMES.has(rule.id) && rule.id !== rule.kind)
        problems.push({ pointer: `${pointer}/id`, reason: `${rule.id} is the name of another kind.` });
      ids.set(rule.id, at);
    }
    if (rule.kind === 'pattern_scanner' && (rule.pattern === undefined) === (rule.values === undefined)) {
      problems.push({ pointer, reason: 'A pattern_scanner takes either a pattern or values.' });
      continue;
    }
    try {
      guardrailOf(rule, parsers);
    } catch (error) {
      problems.push({
        pointer: `${pointer}${PLACE[rule.kind] ?? ''}`,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
  return problems;
}

const PLACE: Partial<Record<GuardrailKind, string>> = {
  pattern_scanner: '/pattern',
  expression: '/cel',
  json_schema: '/schema',
  secret_scanner: '/extra_patterns',
  egress: '/extra_blocked_addresses',
};
const KIND_NAMES: ReadonlySet<string> = new Set<GuardrailKind>([
  'egress',
  'destination',
  'privilege',
  'flow',
  'sql',
  'shell',
  'infrastructure',
  'money',
  'pii_scanner',
  'secret_scanner',
  'prompt_injection',
  'pattern_scanner',
  'velocity_limit',
  'loop_breaker',
  'semantic_loop',
  'cost_guard',
  'json_schema',
  'expression',
  'media_guard',
  'unknown_action',
]);
