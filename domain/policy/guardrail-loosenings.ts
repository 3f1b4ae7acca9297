import type { GuardrailKind, GuardrailRule } from '../../contracts/guardrails.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { Severity } from '../../contracts/verdict.ts';
import { definitionOf } from '../firewall/guardrails/definitions.ts';
import { rulesOf } from '../firewall/policy/rule-sets.ts';
import { sameJson } from '../json/same-json.ts';
import { parameterLoosenings } from './parameter-loosenings.ts';

const RANK: Record<Severity, number> = { low: 0, medium: 1, high: 2, critical: 3 };

const nameOf = ({ id, kind }: GuardrailRule): string => (id === undefined || id === kind ? kind : `${kind} "${id}"`);

/**
 * What the guardrails of a policy no longer find or no longer hold, kind by kind. Of a built-in kind the first rule that applies
 * judges, or else the built-in guardrail, so another order, number or scope of its rules counts as looser. Of any other kind all
 * rules judge, so one more rule only tightens.
 */
export function guardrailLoosenings(before: Policy, after: Policy): string[] {
  const [was, is] = [byKind(before.guardrails), byKind(after.guardrails)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((kind) => {
    const [wasHere, isHere] = [was.get(kind) ?? [], is.get(kind) ?? []];
    if (sameJson(wasHere, isHere)) return [];
    return definitionOf({ kind }).builtIn
      ? ofBuiltInKind(wasHere, isHere, unconfigured(kind, before), unconfigured(kind, after))
      : ofOtherKind(wasHere, isHere);
  });
}

function byKind(rules: readonly GuardrailRule[] = []): Map<GuardrailKind, GuardrailRule[]> {
  const kinds = new Map<GuardrailKind, GuardrailRule[]>();
  for (const rule of rules) kinds.set(rule.kind, [...(kinds.get(rule.kind) ?? []), rule]);
  return kinds;
}

/** What judges where no rule of the policy applies: the rule of a rule set, or else the built-in guardrail. */
const unconfigured = (kind: GuardrailKind, { packs }: Policy): GuardrailRule =>
  rulesOf({ packs }).find((rule) => rule.kind === kind) ?? ({ kind } as GuardrailRule);

function ofBuiltInKind(
  was: readonly GuardrailRule[],
  is: readonly GuardrailRule[],
  wasElse: GuardrailRule,
  isElse: GuardrailRule,
): string[] {
  const common = Math.min(was.length, is.length);
  return [
    ...is.slice(0, common).flatMap((rule, i) => changed(was[i]!, rule, true)),
    ...is.slice(common).flatMap((rule) => settings(wasElse, rule).map((change) => sentence(rule, change))),
    ...was.slice(common).flatMap((rule) => settings(rule, isElse).map((change) => sentence(rule, change))),
  ];
}

/** Rules are paired by name: their order has no meaning, since all of them judge. */
function ofOtherKind(was: readonly GuardrailRule[], is: readonly GuardrailRule[]): string[] {
  const rest = is.filter((rule) => !was.some((other) => sameJson(rule, other)));
  return was
    .filter((rule) => !is.some((other) => sameJson(rule, other)))
    .flatMap((rule) => {
      const named = rest.findIndex((other) => nameOf(other) === nameOf(rule));
      if (named < 0) return rule.enabled === false ? [] : [`Guardrail ${nameOf(rule)} was removed.`];
      const [now] = rest.splice(named, 1);
      return changed(rule, now!, false);
    });
}

/** A rule that applies to more actions is stricter, unless it replaces another rule there. */
function changed(was: GuardrailRule, is: GuardrailRule, replacesOthers: boolean): string[] {
  if (sameJson(was, is)) return [];
  const found = settings(was, is);
  if (!sameJson(was.applies_to, is.applies_to)) {
    const wider =
      is.applies_to === undefined ||
      was.applies_to?.every((pair) => is.applies_to?.some((other) => sameJson(pair, other)));
    if (replacesOthers || !wider) found.push('applies_to changed');
  }
  if (was.id !== is.id) found.push('its id changed, so a route that blocks by the old id no longer does');
  return found.map((change) => sentence(was, change));
}

function settings(was: GuardrailRule, is: GuardrailRule): string[] {
  const off = ({ enabled }: GuardrailRule) => enabled === false;
  if (off(is)) return off(was) ? [] : ['was disabled'];
  const found: string[] = [];
  if (!off(was) && (was.verdict ?? '') !== (is.verdict ?? '') && is.verdict !== 'block' && was.verdict !== undefined)
    found.push(`verdict was lowered: ${was.verdict} → ${is.verdict ?? 'by severity'}`);
  if (!off(was) && was.severity !== is.severity && lowered(was.severity, is.severity))
    found.push(`severity may be lower: ${was.severity ?? 'its own'} → ${is.severity ?? 'its own'}`);
  // A disabled rule judged nothing, and it switched off the built-in guardrail too.
  if (!off(was)) found.push(...parameterLoosenings(was, is));
  return found;
}

/** Without a configured severity, a finding may have any. */
const lowered = (was: Severity | undefined, is: Severity | undefined): boolean =>
  RANK[is ?? 'low'] < RANK[was ?? 'critical'];

const sentence = (rule: GuardrailRule, change: string): string => `Guardrail ${nameOf(rule)}: ${change}.`;
