import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { canonicalBytes } from '../../canonical-json.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { amountsAt, amountsOf, hasEmptyAmount } from '../money/amounts.ts';
import type { WrittenAmount } from '../money/money.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { type AmountLimits, limitFindings } from './amount-limits.ts';
import type { GuardrailDefinition } from './definition.ts';

type CostGuardRule = RuleOf<'cost_guard'>;

const DAY_S = 86_400;
const template = templatesOf('cost_guard');
const NO_AMOUNT = template(
  'no_amount',
  'medium',
  'The amount that the policy limits is missing, or not a whole number of minor units.',
);

/** What a call may cost, at once and over a window, and how large it may be. */
const create = (rule: CostGuardRule): Guardrail => {
  const { per_call, per_window, amount_pointer } = rule;
  const limits: AmountLimits = {
    id: 'cost_guard',
    unit: 'minor',
    currencies: rule.currency === undefined ? undefined : [rule.currency],
    per_call,
    per_window,
    window_ms: windowOf(rule),
    counts: ({ pointer }) => amount_pointer === undefined || pointer === amount_pointer,
  };
  return {
    id: 'cost_guard',
    check(action, context) {
      const findings = tooLarge(action, rule);
      const limited = per_call !== undefined || per_window !== undefined;
      if (limited && amount_pointer !== undefined && !hasWholeNumber(action, amount_pointer))
        findings.push(findingOf(NO_AMOUNT, amount_pointer, ''));
      if (limited && amount_pointer === undefined && amountsOf(action).length === 0 && hasEmptyAmount(action))
        findings.push(findingOf(NO_AMOUNT, '', ''));
      const amounts = amount_pointer === undefined ? amountsOf(action) : amountsAt(action, amount_pointer);
      return [...findings, ...limitFindings(amounts.map(inCurrencyOf(rule)), limits, action, context)];
    },
  };
};

/** An amount that names no currency is taken to be in that of the rule. */
const inCurrencyOf =
  ({ currency = '' }: CostGuardRule) =>
  (amount: WrittenAmount): WrittenAmount =>
    amount.currency === '' ? { ...amount, currency } : amount;

function tooLarge(action: ParsedAction, { max_bytes }: CostGuardRule): Finding[] {
  if (max_bytes === undefined) return [];
  const size = canonicalBytes(action.payload).length;
  const large = template('too_large', 'medium', `This payload is larger than ${max_bytes} bytes.`);
  return size > max_bytes ? [findingOf(large, '', `${size} bytes`)] : [];
}

function hasWholeNumber({ leaves }: ParsedAction, pointer: string): boolean {
  const leaf = leaves.find((one) => one.kind === 'value' && one.pointer === pointer);
  return Number.isSafeInteger(leaf?.value);
}

const windowOf = ({ window_s = DAY_S }: CostGuardRule): number => window_s * 1_000;

export const costGuard: GuardrailDefinition<'cost_guard'> = {
  kind: 'cost_guard',
  builtIn: false,
  loosens: {
    amount_pointer: 'any_change',
    currency: 'any_change',
    per_call: 'most',
    per_window: 'most',
    window_s: ['least', DAY_S],
    max_bytes: 'most',
  },
  historyWindow: (rule) => (rule.per_window === undefined ? undefined : windowOf(rule)),
  create,
  amountPointer: ({ amount_pointer }) => amount_pointer,
};
