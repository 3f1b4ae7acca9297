import type { RuleOf } from '../../../contracts/guardrails.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail, GuardrailContext } from '../guardrail.ts';
import { amountsOf } from '../money/amounts.ts';
import { convert } from '../money/money.ts';
import { destinationsOf } from '../outbound/destinations.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { type Parsers, requiredParser } from '../parsing/parsers.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

const template = templatesOf('expression');

/** A condition of the operator in CEL, over a struct made for it. */
function create(rule: RuleOf<'expression'>, parsers: Parsers): Guardrail {
  const evaluate = requiredParser(parsers, 'expression')(rule.cel);
  const holds = template('true', 'medium', rule.message ?? 'A condition of the policy holds.');
  return {
    id: 'expression',
    check(action, context) {
      const answer = evaluate(variablesOf(action, context));
      if (typeof answer !== 'boolean') throw new Error('the expression answered no boolean');
      return answer ? [findingOf(holds, '', rule.cel)] : [];
    },
  };
}

/** Variables are built once per action and context, and shared by all expressions of a policy. */
const CACHE = new WeakMap<ParsedAction, WeakMap<GuardrailContext, Record<string, unknown>>>();

function variablesOf(action: ParsedAction, context: GuardrailContext): Record<string, unknown> {
  const ofAction = CACHE.get(action) ?? new WeakMap<GuardrailContext, Record<string, unknown>>();
  CACHE.set(action, ofAction);
  const variables = ofAction.get(context) ?? newVariables(action, context);
  ofAction.set(context, variables);
  return variables;
}

const newVariables = (action: ParsedAction, context: GuardrailContext): Record<string, unknown> => ({
  service: action.service,
  action: action.action,
  payload: action.payload,
  context: {
    untrusted: context.untrusted || context.undeclared,
    private: context.private,
    thread_id: context.declared.thread_id ?? '',
    node: context.declared.node ?? '',
  },
  // The unit is not known here: the numbers count as minor units.
  amounts: amountsOf(action).flatMap(({ written, currency }) => {
    const amount = convert({ pointer: '', written, currency: '' }, 'minor');
    return amount.ok ? [{ minor: Number(amount.money.minor), currency }] : [];
  }),
  destinations: destinationsOf(action).map(({ receiver, kind }) => ({ receiver, kind })),
});

export const expression: GuardrailDefinition<'expression'> = {
  kind: 'expression',
  builtIn: false,
  loosens: { cel: 'any_change', message: 'words' },
  historyWindow: noHistory,
  create,
  compiles: 'cel',
};
