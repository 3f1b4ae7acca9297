import type { RuleOf } from '../../../contracts/guardrails.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail, GuardrailContext } from '../guardrail.ts';
import { amountsOf, hasEmptyAmount } from '../money/amounts.ts';
import { convert, type WrittenAmount } from '../money/money.ts';
import { destinationsOf } from '../outbound/destinations.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { type Parsers, requiredParser } from '../parsing/parsers.ts';
import { plainPayload } from '../parsing/plain-payload.ts';
import { visible } from '../text/confusables.ts';
import { type GuardrailDefinition, noHistory } from './definition.ts';

const template = templatesOf('expression');

/** A condition of the operator in CEL, over a struct made for it. */
function create(rule: RuleOf<'expression'>, parsers: Parsers): Guardrail {
  const evaluate = requiredParser(parsers, 'expression')(rule.cel);
  const holds = template('true', 'medium', rule.message ?? 'A condition of the policy holds.');
  return {
    id: 'expression',
    check(action, context) {
      if (READS_AMOUNTS.test(rule.cel) && (hasEmptyAmount(action) || !amountsOf(action).every(isSure)))
        return [findingOf(UNPARSED, '', rule.cel)];
      const odd = action.leaves.find(({ value }) => typeof value === 'number' && !Number.isFinite(value));
      // Every comparison with NaN is false.
      if (odd) return [findingOf(NO_NUMBER, odd.pointer, String(odd.value))];
      const isTrue = variablesOf(action, context).some((variables) => {
        const answer = evaluate(variables);
        if (typeof answer !== 'boolean') throw new Error('the expression answered no boolean');
        return answer;
      });
      return isTrue ? [findingOf(holds, '', rule.cel)] : [];
    },
  };
}

const READS_AMOUNTS = /\bamounts\b/;
const UNPARSED = template(
  'unparsed',
  'high',
  'An amount of this call cannot be read for sure, so a condition over the amounts has no answer.',
);

const NO_NUMBER = template('unparsed', 'high', 'This is no number, so a condition over the payload has no answer.');

const isSure = ({ written, loose }: WrittenAmount): boolean => {
  const amount = convert({ pointer: '', written, currency: '', ...(loose && { loose }) }, 'minor');
  return amount.ok && amount.exact && !amount.unsure;
};

/** Variables are built once per action and context, and shared by all expressions of a policy. */
type Variables = Record<string, unknown>;
const CACHE = new WeakMap<ParsedAction, WeakMap<GuardrailContext, readonly Variables[]>>();

/** With the payload as sent, and as a program may read it where that differs. */
function variablesOf(action: ParsedAction, context: GuardrailContext): readonly Variables[] {
  const ofAction = CACHE.get(action) ?? new WeakMap<GuardrailContext, readonly Variables[]>();
  CACHE.set(action, ofAction);
  const variables = ofAction.get(context) ?? newVariables(action, context);
  ofAction.set(context, variables);
  return variables;
}

function newVariables(action: ParsedAction, context: GuardrailContext): Variables[] {
  const sent = variablesAsSent(action, context);
  const payload = plainPayload(action.payload);
  const [service, name] = [visible(action.service), visible(action.action)];
  if (!payload && service === action.service && name === action.action) return [sent];
  return [sent, { ...sent, ...(payload && { payload }), service, action: name }];
}

const variablesAsSent = (action: ParsedAction, context: GuardrailContext): Variables => ({
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
