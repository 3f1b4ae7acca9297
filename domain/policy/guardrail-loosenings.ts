import type { GuardrailKind, GuardrailRule } from '../../contracts/guardrails.ts';
import type { Policy } from '../../contracts/policy.ts';
import type { Severity } from '../../contracts/verdict.ts';
import { SHIPPED } from '../firewall/shipped.ts';
import { parameterLoosenings } from './parameter-loosenings.ts';
import { sameJson } from './same-json.ts';

/** Of every project: a configured guardrail of such a kind stands in place of the shipped one, and may be milder than it. */
const SHIPPED_KINDS = new Set<string>(SHIPPED.map(({ id }) => id));
const RANK: Record<Severity, number> = { low: 0, medium: 1, high: 2, critical: 3 };

const nameOf = ({ id, kind }: GuardrailRule): string => (id === undefined || id === kind ? kind : `${kind} "${id}"`);

/**
 * What the guardrails of a policy no longer see or no longer stop. Rules are compared kind by kind, since the first one
 * of a kind that applies is the one that judges: a rule that is added at the end of its kind, where none is shipped, only
 * adds; whatever else changes the order, the number or the reach of a kind's rules counts as looser.
 */
export function guardrailLoosenings(before: Policy, after: Policy): string[] {
  const [was, is] = [byKind(before.guardrails), byKind(after.guardrails)];
  const packed = (before.packs?.length ?? 0) + (after.packs?.length ?? 0) > 0;
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((kind) =>
    ofKind(kind, was.get(kind) ?? [], is.get(kind) ?? [], packed),
  );
}

function byKind(rules: readonly GuardrailRule[] = []): Map<GuardrailKind, GuardrailRule[]> {
  const kinds = new Map<GuardrailKind, GuardrailRule[]>();
  for (const rule of rules) kinds.set(rule.kind, [...(kinds.get(rule.kind) ?? []), rule]);
  return kinds;
}

/** What judges where no configured rule does, if the kind is shipped. */
const shippedRule = (kind: GuardrailKind): GuardrailRule => ({ kind }) as GuardrailRule;

function ofKind(
  kind: GuardrailKind,
  was: readonly GuardrailRule[],
  is: readonly GuardrailRule[],
  packed: boolean,
): string[] {
  if (sameJson(was, is)) return [];
  const shipped = SHIPPED_KINDS.has(kind);
  const found: string[] = [];
  const common = Math.min(was.length, is.length);
  for (let i = 0; i < common; i++) found.push(...changed(was[i]!, is[i]!, shipped || was.length + is.length > 2));
  for (const rule of is.slice(common)) {
    if (shipped || rule.enabled === false) found.push(...insteadOfShipped(shippedRule(kind), rule, rule));
    else if (packed) found.push(sentence(rule, 'was added, and may take the place of one of a pack'));
  }
  for (const rule of was.slice(common)) {
    if (!shipped) found.push(`Guardrail ${nameOf(rule)} was removed.`);
    else found.push(...insteadOfShipped(rule, shippedRule(kind), rule));
  }
  return found;
}

/** A rule beside the shipped one of its kind, which it takes the place of; `reach` of the two is what the rule names. */
const insteadOfShipped = (was: GuardrailRule, is: GuardrailRule, named: GuardrailRule): string[] =>
  settings(was, is).map((said) => sentence(named, said));

/** `sole` rules of their kind may reach further without being milder anywhere; beside others they may take their place. */
function changed(was: GuardrailRule, is: GuardrailRule, beside: boolean): string[] {
  if (sameJson(was, is)) return [];
  const found = settings(was, is);
  if (!sameJson(was.applies_to, is.applies_to)) {
    const wider =
      is.applies_to === undefined ||
      was.applies_to?.every((pair) => is.applies_to?.some((other) => sameJson(pair, other)));
    if (beside || !wider) found.push('applies_to changed');
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
