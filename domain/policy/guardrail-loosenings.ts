import type { GuardrailKind, GuardrailRule } from '../../contracts/guardrails.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { Severity } from '../../contracts/verdict.ts';
import { BUILT_IN } from '../firewall/guardrails/built-in.ts';
import { RULE_SETS } from '../firewall/policy/rule-sets.ts';
import { parameterLoosenings } from './parameter-loosenings.ts';
import { sameJson } from './same-json.ts';

/** Of every project: a configured guardrail of such a kind stands in place of the shipped one, and may be milder than it. */
const BUILT_IN_KINDS = new Set<string>(BUILT_IN.map(({ id }) => id));
const RANK: Record<Severity, number> = { low: 0, medium: 1, high: 2, critical: 3 };

const nameOf = ({ id, kind }: GuardrailRule): string => (id === undefined || id === kind ? kind : `${kind} "${id}"`);

/**
 * What the guardrails of a policy no longer see or no longer stop, kind by kind. Of a shipped kind the first rule that applies
 * judges, and the shipped one where none does, so another order, number or reach of its rules counts as looser. Of any other
 * kind all rules judge: one more only adds.
 */
export function guardrailLoosenings(before: Policy, after: Policy): string[] {
  const [was, is] = [byKind(before.guardrails), byKind(after.guardrails)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((kind) => {
    const [wasHere, isHere] = [was.get(kind) ?? [], is.get(kind) ?? []];
    if (sameJson(wasHere, isHere)) return [];
    return BUILT_IN_KINDS.has(kind)
      ? ofShippedKind(wasHere, isHere, unconfigured(kind, before), unconfigured(kind, after))
      : ofOtherKind(wasHere, isHere);
  });
}

function byKind(rules: readonly GuardrailRule[] = []): Map<GuardrailKind, GuardrailRule[]> {
  const kinds = new Map<GuardrailKind, GuardrailRule[]>();
  for (const rule of rules) kinds.set(rule.kind, [...(kinds.get(rule.kind) ?? []), rule]);
  return kinds;
}

/** What judges where no rule of the policy does: that of a pack, else the shipped one. */
const unconfigured = (kind: GuardrailKind, { packs = [] }: Policy): GuardrailRule =>
  packs.flatMap((pack) => RULE_SETS[pack]).find((rule) => rule.kind === kind) ?? ({ kind } as GuardrailRule);

function ofShippedKind(
  was: readonly GuardrailRule[],
  is: readonly GuardrailRule[],
  wasElse: GuardrailRule,
  isElse: GuardrailRule,
): string[] {
  const common = Math.min(was.length, is.length);
  return [
    ...is.slice(0, common).flatMap((rule, i) => changed(was[i]!, rule, true)),
    ...is.slice(common).flatMap((rule) => settings(wasElse, rule).map((said) => sentence(rule, said))),
    ...was.slice(common).flatMap((rule) => settings(rule, isElse).map((said) => sentence(rule, said))),
  ];
}

/** Paired by name, then by place: rules that all judge have no order. */
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

/** A rule that reaches further is stricter, unless it takes the place of another there. */
function changed(was: GuardrailRule, is: GuardrailRule, inPlaceOfOthers: boolean): string[] {
  if (sameJson(was, is)) return [];
  const found = settings(was, is);
  if (!sameJson(was.applies_to, is.applies_to)) {
    const wider =
      is.applies_to === undefined ||
      was.applies_to?.every((pair) => is.applies_to?.some((other) => sameJson(pair, other)));
    if (inPlaceOfOthers || !wider) found.push('applies_to changed');
  }
  if (was.id !== is.id) found.push('its id changed, and what blocks by the old one no longer does');
  return found.map((said) => sentence(was, said));
}

function settings(was: GuardrailRule, is: GuardrailRule): string[] {
  const off = ({ enabled }: GuardrailRule) => enabled === false;
  if (off(is)) return off(was) ? [] : ['was disabled'];
  const found: string[] = [];
  if (!off(was) && (was.verdict ?? '') !== (is.verdict ?? '') && is.verdict !== 'block' && was.verdict !== undefined)
    found.push(`verdict was lowered: ${was.verdict} → ${is.verdict ?? 'by severity'}`);
  if (!off(was) && was.severity !== is.severity && lowered(was.severity, is.severity))
    found.push(`severity may be lower: ${was.severity ?? 'its own'} → ${is.severity ?? 'its own'}`);
  // One that was off judged nothing where it stands, and neither did the shipped one.
  if (!off(was)) found.push(...parameterLoosenings(was, is));
  return found;
}

/** Its own severity may be any. */
const lowered = (was: Severity | undefined, is: Severity | undefined): boolean =>
  RANK[is ?? 'low'] < RANK[was ?? 'critical'];

const sentence = (rule: GuardrailRule, said: string): string => `Guardrail ${nameOf(rule)}: ${said}.`;
