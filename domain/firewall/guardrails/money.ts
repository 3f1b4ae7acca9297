import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail } from '../guardrail.ts';
import { amountsAt, amountsOf, hasEmptyAmount } from '../money/amounts.ts';
import { absolute, convert, type Money, type WrittenAmount } from '../money/money.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { READING_VERBS } from '../parsing/words.ts';
import { limitFindings, shown } from './amount-limits.ts';
import type { GuardrailDefinition } from './definition.ts';
import { WHOLE_PAYING_VERBS } from './words.ts';

type MoneyRule = RuleOf<'money'>;

const DAY_S = 86_400;
const template = templatesOf('money');
const NO_ORIGINAL = template('no_original', 'medium', 'The charge that this refers to is not named.');
const NO_AMOUNT = template('no_amount', 'medium', 'This payment names no amount, so no limit can be checked.');
const OVER_ORIGINAL = template('over_original', 'high', 'This is more than was charged, or in another currency.');

/** What a call moves: in which currency, how much at once, how much in a window, and never more than was charged. */
const create = (rule: MoneyRule): Guardrail => ({
  id: 'money',
  check(action, context) {
    const amounts = amountsOf(action);
    const limits = {
      id: 'money',
      unit: rule.amounts_in ?? 'minor',
      currencies: rule.currencies,
      per_call: rule.per_call,
      per_window: rule.per_window,
      window_ms: windowOf(rule),
      converts: rule.original_pointer !== undefined || rule.amounts_in !== undefined,
      counts: () => true,
    } as const;
    const found = [...limitFindings(amounts, limits, action, context), ...overOriginal(action, amounts, rule)];
    const { per_call, per_window, original_pointer } = rule;
    const limited = [per_call, per_window, original_pointer].some((limit) => limit !== undefined);
    const isAmountless = amounts.every(({ pointer }) => pointer === original_pointer);
    // A rule for all actions also applies to those that pay nothing.
    if (limited && isAmountless && (hasEmptyAmount(action) || (rule.applies_to && paysWhole(action))))
      found.push(findingOf(NO_AMOUNT, '', ''));
    return found;
  },
});

const paysWhole = ({ words: { action } }: ParsedAction): boolean =>
  !READING_VERBS.has(action[0] ?? '') && action.some((word) => WHOLE_PAYING_VERBS.has(word));

/** A refund and its charge are compared in one currency only: another one, or one that only one of them names, is held. */
function overOriginal(action: ParsedAction, amounts: readonly WrittenAmount[], rule: MoneyRule): Finding[] {
  const { original_pointer, amounts_in = 'minor' } = rule;
  if (original_pointer === undefined) return [];
  const moved = amounts.filter((one) => one.pointer !== original_pointer);
  if (moved.length === 0) return [];
  const originals = amountsAt(action, original_pointer).map((one) => convert(one, amounts_in, 'smallest'));
  const [original] = originals;
  if (originals.length !== 1 || !original?.ok || original.unsure) return [findingOf(NO_ORIGINAL, original_pointer, '')];
  return moved.flatMap((one) => {
    const amount = convert(one, amounts_in);
    return amount.ok && !isWithin(amount.money, original.money)
      ? [findingOf(OVER_ORIGINAL, one.pointer, shown(amount.money))]
      : [];
  });
}

const isWithin = (one: Money, other: Money): boolean =>
  one.currency === other.currency && absolute(one.minor) <= absolute(other.minor);

const windowOf = ({ window_s = DAY_S }: MoneyRule): number => window_s * 1_000;

export const money: GuardrailDefinition<'money'> = {
  kind: 'money',
  builtIn: false,
  loosens: {
    currencies: 'only',
    per_call: 'most',
    per_window: 'most',
    window_s: ['least', DAY_S],
    original_pointer: 'any_change',
    amounts_in: ['any_change', 'minor'],
  },
  historyWindow: (rule) => (rule.per_window === undefined ? undefined : windowOf(rule)),
  create,
};
