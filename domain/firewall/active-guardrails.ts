import type { GuardrailRule } from '../../contracts/guardrails.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { Severity } from '../../contracts/verdict.ts';
import type { Guardrail } from './guardrail.ts';
import { BUILT_IN, definitionOf } from './guardrails/definitions.ts';
import type { Parsers } from './parsing/parsers.ts';
import { appliesTo } from './policy/policy.ts';
import { rulesOf } from './policy/rule-sets.ts';

/** A guardrail that judges an action, and how the policy treats its findings. */
export interface ActiveGuardrail {
  guardrail: Guardrail;
  severity?: Severity | undefined;
  verdict?: 'hold' | 'block' | undefined;
}

const UNCONFIGURED: readonly ActiveGuardrail[] = BUILT_IN.map((guardrail) => ({ guardrail }));

interface Compiled {
  /** The members of the policy that it was compiled from. */
  source: readonly [Policy['guardrails'], Policy['packs']];
  /** `active` is undefined for a rule that is not enabled: it only switches the built-in guardrail off. */
  rules: readonly { rule: GuardrailRule; active: ActiveGuardrail | undefined }[];
  /** Active guardrails by service and action: a policy of a hundred rules costs what the ten cost that apply. */
  byAction: Map<string, readonly ActiveGuardrail[]>;
}

const MAX_POLICIES = 64;
const MAX_ACTIONS = 2_000;
/** A compiled policy is cached for the policy object, and for its text where a host parses the policy for each action. */
const byPolicy = new WeakMap<Parsers, WeakMap<Policy, Compiled>>();
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
  const key = JSON.stringify([service, action]);
  const cached = compiled.byAction.get(key);
  if (cached) return cached;
  const active = activeFor(compiled, service, action);
  if (compiled.byAction.size >= MAX_ACTIONS) compiled.byAction.clear();
  compiled.byAction.set(key, active);
  return active;
}

function activeFor({ rules }: Compiled, service: string, action: string): readonly ActiveGuardrail[] {
  const configured: ActiveGuardrail[] = [];
  const replaced = new Set<string>();
  for (const { rule, active } of rules) {
    if (!appliesTo(rule.applies_to, service, action)) continue;
    if (definitionOf(rule).builtIn) {
      if (replaced.has(rule.kind)) continue;
      replaced.add(rule.kind);
    }
    if (active) configured.push(active);
  }
  return [...UNCONFIGURED.filter(({ guardrail }) => !replaced.has(guardrail.id)), ...configured];
}

function compiledOf(policy: Policy, parsers: Parsers): Compiled {
  const policies = cacheIn(byPolicy, parsers, () => new WeakMap<Policy, Compiled>());
  const own = policies.get(policy);
  if (own && own.source[0] === policy.guardrails && own.source[1] === policy.packs) return own;
  const texts = cacheIn(byText, parsers, () => new Map<string, Compiled>());
  const text = JSON.stringify([policy.guardrails, policy.packs]);
  const rules = texts.get(text) ?? compile(policy, parsers);
  if (texts.size >= MAX_POLICIES) texts.clear();
  texts.set(text, rules);
  const compiled: Compiled = { ...rules, source: [policy.guardrails, policy.packs] };
  policies.set(policy, compiled);
  return compiled;
}

function cacheIn<Cache>(caches: WeakMap<Parsers, Cache>, parsers: Parsers, create: () => Cache): Cache {
  const cache = caches.get(parsers) ?? create();
  caches.set(parsers, cache);
  return cache;
}

function compile(policy: Policy, parsers: Parsers): Compiled {
  const rules = rulesOf(policy).map((rule) => {
    if (rule.enabled === false) return { rule, active: undefined };
    const { severity, verdict } = rule;
    return { rule, active: { guardrail: named(rule, createOrFail(rule, parsers)), severity, verdict } };
  });
  return { source: [policy.guardrails, policy.packs], rules, byAction: new Map() };
}

/** A rule that does not compile is not skipped: its guardrail throws, which holds every action that it applies to. */
function createOrFail(rule: GuardrailRule, parsers: Parsers): Guardrail {
  try {
    return definitionOf(rule).create(rule, parsers);
  } catch (error) {
    return {
      id: rule.kind,
      check: () => {
        throw error;
      },
    };
  }
}

/** Findings carry the id of their rule in place of its kind, so that a policy can distinguish two rules of one kind. */
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
