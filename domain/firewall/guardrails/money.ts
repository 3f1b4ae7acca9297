import type { RuleOf } from '../../../contracts/guardrails.ts';
import type { Finding, Severity } from '../../../contracts/verdict.ts';
import { findingOf, templatesOf } from '../finding.ts';
import type { Guardrail, GuardrailContext } from '../guardrail.ts';
import { pastOf, pastWithin } from '../history/stats.ts';
import { type Amount, amountsOf } from '../money/amounts.ts';
import type { ParsedAction } from '../parsing/parsed-action.ts';
import type { GuardrailDefinition } from './definition.ts';

type MoneyRule = Omit<RuleOf<'money'>, 'kind'>;

const DAY_S = 86_400;
const template = templatesOf('money');
const finding = (name: string, severity: Severity, pointer: string, evidence: string, message: string): Finding =>
  findingOf(template(name, severity, message), pointer, evidence);
const shown = ({ minor, currency }: Pick<Amount, 'minor' | 'currency'>): string =>
  `${minor} minor units${currency === '' ? '' : ` ${currency}`}`;
const PAYING = new Set('pay refund transfer send withdraw charge reimburse wire payout purchase buy'.split(' '));

/** What a call moves: in which currency, how much at once, how much in a window, and never more than was charged. */
export const moneyOf = (rule: MoneyRule = {}): Guardrail => ({
  id: 'money',
  check(action, context) {
    const amounts = amountsOf(action, rule.amounts_in ?? 'minor');
    if (amounts.length === 0) return [];
    const findings: Finding[] = [];
    const pays = action.words.action.some((word) => PAYING.has(word));
    for (const amount of amounts) {
      const { pointer, minor, currency } = amount;
      if (minor < 0 && pays)
        findings.push(
          finding(
            'negative',
            'medium',
            pointer,
            shown(amount),
            'This amount is below zero, which turns the payment round.',
          ),
        );
      if (!Number.isSafeInteger(minor))
        findings.push(
          finding('too_large', 'high', pointer, shown(amount), 'This amount is larger than can be counted exactly.'),
        );
      if (rule.currencies && !rule.currencies.includes(currency))
        findings.push(
          finding(
            'currency',
            'medium',
            pointer,
            currency === '' ? 'no currency' : currency,
            'The policy does not list this currency.',
          ),
        );
      if (rule.per_call !== undefined && Math.abs(minor) > rule.per_call)
        findings.push(
          finding(
            'over_limit',
            'high',
            pointer,
            shown(amount),
            `This is more than one call may move (${rule.per_call} minor units).`,
          ),
        );
      if (rule.amounts_in === 'minor' && !amount.whole)
        findings.push(
          finding('not_minor', 'medium', pointer, String(minor), 'This amount is no whole number of minor units.'),
        );
    }
    return [...findings, ...overOriginal(action, amounts, rule), ...overWindow(action, amounts, rule, context)];
  },
});

const windowOf = ({ per_window, window_s = DAY_S }: MoneyRule): number | undefined =>
  per_window === undefined ? undefined : window_s * 1_000;

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
  historyWindow: windowOf,
  create: moneyOf,
};

function overOriginal(action: ParsedAction, amounts: readonly Amount[], rule: MoneyRule): Finding[] {
  if (rule.original_pointer === undefined) return [];
  const original = amounts.find((one) => one.pointer === rule.original_pointer) ?? originalAt(action, rule);
  const moved = amounts.filter((one) => one.pointer !== rule.original_pointer);
  if (original === undefined)
    return moved.length === 0
      ? []
      : [finding('no_original', 'medium', rule.original_pointer, '', 'The charge that this refers to is not named.')];
  return moved.flatMap((one) =>
    Math.abs(one.minor) > Math.abs(original.minor) ||
    (one.currency !== '' && original.currency !== '' && one.currency !== original.currency)
      ? [
          finding(
            'over_original',
            'high',
            one.pointer,
            shown(one),
            'This is more than was charged, or in another currency.',
          ),
        ]
      : [],
  );
}

function originalAt(action: ParsedAction, rule: MoneyRule): Amount | undefined {
  const leaf = action.leaves.find((one) => one.kind === 'value' && one.pointer === rule.original_pointer);
  const number = typeof leaf?.value === 'number' ? leaf.value : undefined;
  return number === undefined
    ? undefined
    : {
        pointer: rule.original_pointer ?? '',
        minor: rule.amounts_in === 'major' ? Math.round(number * 100) : number,
        currency: '',
        whole: true,
      };
}

function overWindow(
  action: ParsedAction,
  amounts: readonly Amount[],
  rule: MoneyRule,
  context: GuardrailContext,
): Finding[] {
  if (rule.per_window === undefined) return [];
  const window_s = rule.window_s ?? DAY_S;
  if (!context.stats)
    return [
      finding(
        'no_history',
        'medium',
        '',
        '',
        'Nothing is known of earlier calls, so the limit of the window cannot be kept.',
      ),
    ];
  const { now_ms, agent, past } = context.stats;
  const earlier = pastWithin(context.stats, windowOf(rule) ?? 0);
  const scale = rule.amounts_in === 'major' ? 100 : 1;
  const own = new Set(pastOf(action, now_ms).targets);
  const findings: Finding[] = [];
  for (const currency of new Set(amounts.map((one) => one.currency))) {
    const now = amounts.filter((one) => one.currency === currency).reduce((sum, one) => sum + Math.abs(one.minor), 0);
    const spent = (counts: (one: (typeof past)[number]) => boolean): number =>
      earlier
        .filter(counts)
        .reduce(
          (sum, one) =>
            sum +
            one.amounts
              .filter((each) => each.currency === currency)
              .reduce((all, each) => all + Math.abs(each.minor) * scale, 0),
          0,
        );
    const byAgent = now + spent((one) => one.agent === agent);
    const byTarget = own.size === 0 ? 0 : now + spent((one) => one.targets.some((target) => own.has(target)));
    const most = Math.max(byAgent, byTarget);
    if (most > rule.per_window) {
      findings.push(
        finding(
          'over_window',
          'high',
          amounts.find((one) => one.currency === currency)?.pointer ?? '',
          shown({ minor: most, currency }),
          `Together with earlier calls this is more than ${window_s} seconds may move (${rule.per_window} minor units).`,
        ),
      );
    }
  }
  return findings;
}
