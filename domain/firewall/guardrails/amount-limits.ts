import type { Finding } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { GuardrailContext } from '../guardrail.ts';
import { type PastAction, pastOf, pastWithin } from '../history/stats.ts';
import { absolute, convert, type Money, type Unit, type WrittenAmount } from '../money/money.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import { noHistoryFinding } from './with-history.ts';
import { PAYING_VERBS } from './words.ts';

/** What the amounts of a call may be. Limits are in minor units of the currency of each amount. */
export interface AmountLimits {
  /** The guardrail that reports. */
  readonly id: 'money' | 'cost_guard';
  readonly unit: Unit;
  readonly currencies: readonly string[] | undefined;
  readonly per_call: number | undefined;
  readonly per_window: number | undefined;
  readonly window_ms: number;
  /** Whether an amount must convert to minor units although neither limit is set. */
  readonly converts?: boolean;
  /** Which amounts of earlier calls count in the window. */
  counts(amount: WrittenAmount): boolean;
}

export const shown = ({ minor, currency }: Money): string =>
  `${minor} minor units${currency === '' ? '' : ` ${currency}`}`;

const written = ({ written, currency }: WrittenAmount): string => `${written} ${currency}`.trim();

/** What is wrong with the amounts of a call: each by itself, and together with the earlier calls of the window. */
export function limitFindings(
  amounts: readonly WrittenAmount[],
  limits: AmountLimits,
  action: ParsedAction,
  context: GuardrailContext,
): Finding[] {
  return [
    ...amounts.flatMap((amount) => [...perCall(amount, limits, action)]),
    ...perWindow(amounts, limits, action, context),
  ];
}

function* perCall(amount: WrittenAmount, limits: AmountLimits, action: ParsedAction): Generator<Finding> {
  const { pointer, currency } = amount;
  const template = templatesOf(limits.id);
  if (limits.currencies && !limits.currencies.includes(currency)) {
    const unlisted = template('currency', 'medium', 'The policy does not list this currency.');
    yield findingOf(unlisted, pointer, currency === '' ? 'no currency' : currency);
  }
  const mustConvert = limits.converts || limits.per_call !== undefined || limits.per_window !== undefined;
  const converted = convert(amount, limits.unit);
  if (!converted.ok) {
    if (mustConvert)
      yield findingOf(template(converted.reason, 'high', UNCONVERTED[converted.reason]), pointer, written(amount));
    return;
  }
  const { money } = converted;
  if (mustConvert && converted.unsure)
    yield findingOf(template('unreadable', 'high', NO_INTEGER), pointer, written(amount));
  const size = absolute(money.minor);
  if (money.minor < 0n && action.words.action.some((word) => PAYING_VERBS.has(word))) {
    const negative = template('negative', 'medium', 'This amount is below zero, which reverses the payment.');
    yield findingOf(negative, pointer, shown(money));
  }
  if (size > Number.MAX_SAFE_INTEGER) {
    const tooLarge = template('too_large', 'high', 'This amount is larger than programs count exactly.');
    yield findingOf(tooLarge, pointer, shown(money));
  }
  if (limits.per_call !== undefined && size > limits.per_call) {
    const message = `This is more than one call may move (${limits.per_call} minor units).`;
    yield findingOf(template('over_limit', 'high', message), pointer, shown(money));
  }
  if (mustConvert && !converted.exact) {
    const notMinor = template('not_minor', 'medium', 'This amount is not a whole number of minor units.');
    yield findingOf(notMinor, pointer, written(amount));
  }
}

const NO_INTEGER =
  'This amount is in minor units but not written as an integer, so programs may read different amounts.';

const UNCONVERTED = {
  unreadable: 'This amount cannot be read, so no limit can be checked.',
  no_currency: 'This amount names no currency, so it cannot be converted to minor units.',
  unknown_currency: 'This amount names more than one currency or an unknown one, so no limit can be checked.',
} as const;

/** Earlier payments of the same agent or to the same receiver, and those of this call, per currency. */
function* perWindow(
  amounts: readonly WrittenAmount[],
  limits: AmountLimits,
  action: ParsedAction,
  context: GuardrailContext,
): Generator<Finding> {
  const { id, per_window, window_ms } = limits;
  if (per_window === undefined || amounts.length === 0) return;
  const { stats } = context;
  if (!stats) {
    yield noHistoryFinding(id);
    return;
  }
  const own = new Set(pastOf(action, stats.now_ms).targets);
  const earlier = pastWithin(stats, window_ms);
  const amountsWhere = (counts: (one: PastAction) => boolean): WrittenAmount[] =>
    earlier.filter(counts).flatMap((one) => one.amounts.filter(limits.counts));
  const past = [
    amountsWhere((one) => one.agent === stats.agent),
    amountsWhere((one) => one.targets.some((target) => own.has(target))),
  ];
  for (const currency of countedCurrencies(amounts, past.flat())) {
    const now = sumIn(currency, amounts, limits.unit);
    const sums = past.map((some) => now + sumIn(currency, some, limits.unit)).sort((a, b) => (a > b ? -1 : 1));
    const [minor = now] = sums;
    if (minor <= per_window) continue;
    const message = `Together with earlier calls this is more than ${window_ms / 1_000} seconds may move (${per_window} minor units).`;
    const at = amounts.find((one) => mayBeIn(currency, one))?.pointer ?? '';
    yield findingOf(templatesOf(id)('over_window', 'high', message), at, shown({ minor, currency }));
  }
}

/** The currencies of this call; those of the earlier calls too when an amount of this one names none. */
function countedCurrencies(now: readonly WrittenAmount[], past: readonly WrittenAmount[]): Set<string> {
  const unnamed = now.some(({ currency }) => currency === '');
  const named = [...now, ...(unnamed ? past : [])].flatMap(({ currency }) => currency || []);
  return new Set(named.length === 0 ? [''] : named);
}

/** An amount without a currency, or with several, counts in each: splitting a payment over them must not pass a limit. */
const mayBeIn = (wanted: string, { currency }: WrittenAmount): boolean =>
  currency === '' || currency.split('/').includes(wanted) || currency === wanted;

/** What does not convert was reported when it was judged. */
function sumIn(currency: string, amounts: readonly WrittenAmount[], unit: Unit): bigint {
  return amounts
    .filter((one) => mayBeIn(currency, one))
    .map((one) => convert({ ...one, currency }, unit))
    .reduce((sum, one) => (one.ok ? sum + absolute(one.money.minor) : sum), 0n);
}
