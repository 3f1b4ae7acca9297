import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding, Severity } from '../../../contracts/verdict.ts';
import { findingOf } from '../finding.ts';
import type { Guardrail, GuardrailContext } from '../guardrail.ts';
import { amountsOf } from '../money/amounts.ts';
import { isAt } from '../outbound/destination-scope.ts';
import { destinationsOf } from '../outbound/destinations.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { Parsers } from '../parsing/parsers.ts';
import { appliesTo } from '../policy/policy.ts';
import { skeletonOf } from '../text/confusables.ts';

type Params<Kind extends 'pattern_scanner' | 'expression' | 'json_schema' | 'unknown_action'> = Omit<
  RuleOf<Kind>,
  'kind'
>;

const finding = (id: string, severity: Severity, pointer: string, evidence: string, message: string): Finding =>
  findingOf({ id, severity, message }, pointer, evidence);

/** A configured rule needs its engine: without, it cannot be kept, and the check fails. */
const needed = <Engine>(engine: Engine | undefined, what: string): Engine => {
  if (engine === undefined) throw new Error(`no ${what} engine is loaded`);
  return engine;
};

const MOST_HITS = 20;
const MOST_TEXT = 64 * 1024;

/** Texts that the operator looks for: a pattern in linear time, or whole values. */
export function patternScannerOf(rule: Params<'pattern_scanner'>, parsers: Parsers): Guardrail {
  const fold = rule.case === 'ignore' ? (text: string) => skeletonOf(text) : (text: string) => text;
  const values = rule.values && new Set(rule.values.map(fold));
  const pattern =
    rule.pattern === undefined ? undefined : needed(parsers.pattern, 'pattern')(rule.pattern, rule.case === 'ignore');
  const matches = (text: string): boolean =>
    (values?.has(fold(text)) ?? false) || (pattern?.(text.slice(0, MOST_TEXT)) ?? false);
  const places = rule.pointer === undefined ? undefined : [rule.pointer];
  return {
    id: 'pattern_scanner',
    check(action) {
      const findings: Finding[] = [];
      for (const leaf of action.leaves) {
        if (leaf.kind !== 'value' || leaf.value === null || !isAt(leaf.pointer, places)) continue;
        const text = String(leaf.value);
        // What is too long to read counts as a hit.
        const hit = text.length > MOST_TEXT || matches(text) !== (rule.negate ?? false);
        if (hit)
          findings.push(
            finding(
              'pattern_scanner/match',
              'medium',
              leaf.pointer,
              text,
              rule.message ?? 'The policy looks for this.',
            ),
          );
        if (findings.length >= MOST_HITS) break;
      }
      return findings;
    },
  };
}

/** A condition of the operator in CEL, over a struct made for it. */
export function expressionOf(rule: Params<'expression'>, parsers: Parsers): Guardrail {
  const evaluate = needed(parsers.expression, 'expression')(rule.cel);
  return {
    id: 'expression',
    check(action, context) {
      const answer = evaluate(variablesOf(action, context));
      if (typeof answer !== 'boolean') throw new Error('the expression answered no boolean');
      return answer
        ? [finding('expression/true', 'medium', '', rule.cel, rule.message ?? 'A condition of the policy holds.')]
        : [];
    },
  };
}

/** What an expression sees: made once a call, however many expressions ask. */
const SEEN = new WeakMap<GuardrailContext, Record<string, unknown>>();

function variablesOf(action: ParsedAction, context: GuardrailContext): Record<string, unknown> {
  const before = SEEN.get(context);
  if (before) return before;
  const { service, action: name, payload } = action;
  const variables = {
    service,
    action: name,
    payload,
    context: {
      untrusted: context.untrusted || context.undeclared,
      private: context.private,
      thread_id: context.declared.thread_id ?? '',
      node: context.declared.node ?? '',
    },
    amounts: amountsOf(action, 'minor').map(({ minor, currency }) => ({ minor, currency })),
    destinations: destinationsOf(action).map(({ receiver, kind }) => ({ receiver, kind })),
  };
  SEEN.set(context, variables);
  return variables;
}

/** The grammar of an action: what its payload must look like. */
export function jsonSchemaOf(rule: Params<'json_schema'>, parsers: Parsers): Guardrail {
  const check = needed(parsers.schema, 'schema')(rule.schema);
  return {
    id: 'json_schema',
    check(action) {
      const offence = check(action.payload);
      return offence
        ? [
            finding(
              'json_schema/mismatch',
              'medium',
              offence.pointer,
              offence.reason,
              'This payload is not of the form that the policy asks for.',
            ),
          ]
        : [];
    },
  };
}

/** Actions that nobody listed. */
export const unknownActionOf = (rule: Params<'unknown_action'>): Guardrail => ({
  id: 'unknown_action',
  check: ({ service, action }) =>
    appliesTo(rule.known, service, action)
      ? []
      : [
          finding(
            'unknown_action/unlisted',
            'medium',
            '',
            `${service}/${action}`,
            'The policy does not list this action.',
          ),
        ],
});
