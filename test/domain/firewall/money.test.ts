import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GuardrailRule } from '../../../contracts/guardrails.ts';
import type { ScreenStats } from '../../../domain/firewall/history/stats.ts';
import { historyWindow } from '../../../domain/firewall/history-window.ts';
import { CURRENCIES, minorDigitsOf } from '../../../domain/firewall/money/currencies.ts';
import { parseDecimal } from '../../../domain/firewall/money/decimal.ts';
import { absolute, convert, toMinor } from '../../../domain/firewall/money/money.ts';
import { pastAction } from '../../../domain/firewall/past-action.ts';
import { call } from '../../helpers/agent-call.ts';
import { foundIn, reviewFlagged } from './screening.ts';

const NOW = 1_800_000_000_000;
const NO_PAST: ScreenStats = { now_ms: NOW, agent: 'a', past: [] };
const ids = (rule: GuardrailRule, payload: Record<string, unknown>, stats = NO_PAST, action = 'pay'): string[] =>
  foundIn(call(payload, action), {}, reviewFlagged({ guardrails: [rule] }), stats);

/** Minor units as a decimal number of the major unit, with all digits of the currency. The inverse of `toMinor`. */
function toMajor(minor: bigint, digits: number): string {
  const sign = minor < 0n ? '-' : '';
  const text = String(absolute(minor)).padStart(digits + 1, '0');
  return digits === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

const currency = fc.constantFrom(...CURRENCIES);
const digitsOf = (code: string): number => minorDigitsOf(code)!;
const unit = fc.constantFrom('minor', 'major' as const);
const minor = fc.integer({ min: 1, max: 9_000_000 });
/** So many minor units, as a payload in that unit writes them. */
const inUnit = (amount: number, code: string, of: 'minor' | 'major'): string =>
  of === 'minor' ? String(amount) : toMajor(BigInt(amount), digitsOf(code));
const spelling = fc.constantFrom('string', 'number', 'with its currency' as const);
/** In minor units a text is read only if it is an integer. */
const spelled = (text: string, code: string, how: string, of: 'minor' | 'major') =>
  how === 'number'
    ? { amount: Number(text), currency: code }
    : how === 'string' || of === 'minor'
      ? { amount: text, currency: code }
      : { amount: `${text} ${code}` };

describe('conversion', () => {
  test('has an exponent of 0, 2, 3 or 4 for each currency', () => {
    expect(CURRENCIES.length).toBe(165);
    expect(
      Object.fromEntries(['JPY', 'CLP', 'EUR', 'KWD', 'TND', 'CLF', 'UYW'].map((code) => [code, digitsOf(code)])),
    ).toEqual({ JPY: 0, CLP: 0, EUR: 2, KWD: 3, TND: 3, CLF: 4, UYW: 4 });
    for (const code of ['', 'XAU', 'XXX', 'BTC', 'eur', 'constructor']) expect(minorDigitsOf(code)).toBeUndefined();
  });

  test('from minor to major and back is the identity, of any size', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), fc.constantFrom(0, 2, 3, 4), (amount, digits) => {
        expect(toMinor(parseDecimal(toMajor(amount, digits))!, digits)).toEqual({ minor: amount, exact: true });
      }),
    );
  });

  test('from major to minor and back is the identity, for each currency and spelling', () => {
    fc.assert(
      fc.property(minor, currency, fc.boolean(), (amount, code, asNumber) => {
        const major = toMajor(BigInt(amount), digitsOf(code));
        const written = asNumber ? Number(major) : major;
        expect(convert({ pointer: '', written, currency: code }, 'major')).toEqual({
          ok: true,
          money: { minor: BigInt(amount), currency: code },
          exact: true,
        });
      }),
    );
  });

  test.each<[number | string, string, bigint, boolean]>([
    [1.005, 'EUR', 101n, false],
    [0.1 + 0.2, 'EUR', 31n, false],
    [8.2, 'EUR', 820n, true],
    [-0.001, 'EUR', -1n, false],
    [1e21, 'JPY', 10n ** 21n, true],
    [1e-7, 'KWD', 1n, false],
    ['1,200.50', 'EUR', 120_050n, true],
    ['1.200,50', 'EUR', 120_050n, true],
    ['1.200', 'EUR', 120_000n, true],
    ['1.200', 'KWD', 1_200n, true],
    ['1,200', 'KWD', 1_200_000n, true],
    ['12,34,567', 'INR', 123_456_700n, true],
    ['1e3', 'EUR', 100_000n, true],
    ['0.125', 'EUR', 13n, false],
  ])('of %s %s is %s minor units, exact: %s', (written, code, amount, exact) => {
    expect(convert({ pointer: '', written, currency: code }, 'major')).toEqual({
      ok: true,
      money: { minor: amount, currency: code },
      exact,
    });
  });

  test.each(['1.2.3', '1,5e3', '', '9e9999'])('does not read %j', (written) => {
    expect(convert({ pointer: '', written, currency: 'EUR' }, 'major')).toEqual({ ok: false, reason: 'unreadable' });
  });
});

describe('a limit', () => {
  test('is exact to one minor unit, in each currency, unit and spelling', () => {
    fc.assert(
      fc.property(minor, currency, unit, spelling, (per_call, code, of, how) => {
        const rule: GuardrailRule = { kind: 'money', per_call, amounts_in: of };
        expect(ids(rule, spelled(inUnit(per_call, code, of), code, how, of))).toEqual([]);
        expect(ids(rule, spelled(inUnit(per_call + 1, code, of), code, how, of))).toEqual(['money/over_limit /amount']);
      }),
      { numRuns: 60 },
    );
  });

  test('of a window is exact to one minor unit, with earlier payments in each currency, unit and spelling', () => {
    fc.assert(
      fc.property(minor, minor, currency, unit, spelling, (before, now, code, of, how) => {
        const past = [pastAction(call(spelled(inUnit(before, code, of), code, how, of), 'pay'), NOW - 1_000, 'a')];
        const found = (per_window: number) =>
          ids({ kind: 'money', per_window, amounts_in: of }, spelled(inUnit(now, code, of), code, how, of), {
            ...NO_PAST,
            past,
          });
        expect(found(before + now)).toEqual([]);
        expect(found(before + now - 1)).toEqual(['money/over_window /amount']);
      }),
      { numRuns: 60 },
    );
  });

  test('of a window counts a currency by itself, and an amount without one in each', () => {
    const rule: GuardrailRule = { kind: 'money', per_window: 1_000 };
    const past = (payload: object) => ({
      ...NO_PAST,
      past: [pastAction(call({ ...payload }, 'pay'), NOW - 1_000, 'a')],
    });
    const euros = { amount: 900, currency: 'EUR' };
    const over = ['money/over_window /amount'];
    expect(ids(rule, { amount: 900, currency: 'JPY' }, past(euros))).toEqual([]);
    expect(ids(rule, { amount: 900 }, past(euros))).toEqual(over);
    expect(ids(rule, euros, past({ amount: 900 }))).toEqual(over);
    expect(ids(rule, euros, past({ amount: 900, currency: 'JPY', settlement_currency: 'EUR' }))).toEqual(over);
    expect(ids({ ...rule, amounts_in: 'major' }, { amount: 9, currency: 'EUR' }, past({ amount: 9 }))).toEqual(over);
  });

  test('the cases of the defect: 1,200 KWD of a limit of 1,000, and 4,000 JPY refunded for a charge of 500', () => {
    const limit: GuardrailRule = { kind: 'money', per_call: 1_000_000, amounts_in: 'major', currencies: ['KWD'] };
    expect(ids(limit, { amount: 1_200, currency: 'KWD' })).toEqual(['money/over_limit /amount']);
    expect(ids(limit, { amount: '١٢٠٠', currency: 'KWD' })).toEqual(['money/over_limit /amount']);
    const refund: GuardrailRule = { kind: 'money', original_pointer: '/charged', amounts_in: 'major' };
    expect(ids(refund, { charged: 500, amount: 4_000, currency: 'JPY' }, NO_PAST, 'refund')).toEqual([
      'money/over_original /amount',
    ]);
  });

  test.each<[object, string]>([
    [{ amount: 5 }, 'no_currency'],
    [{ amount: 5, currency: 'XAU' }, 'unknown_currency'],
    [{ amount: 5, currency: 'EUR', settlement_currency: 'KWD' }, 'unknown_currency'],
    [{ amount: '5 USD', currency: 'JPY' }, 'unknown_currency'],
    [{ amount: 1.005, currency: 'EUR' }, 'not_minor'],
    [{ amount: 0.5, currency: 'JPY' }, 'not_minor'],
    [{ amount: '0x3e8', currency: 'EUR' }, 'unreadable'],
    [{ amount: '5k', currency: 'EUR' }, 'unreadable'],
    [{ amount: '5 million', currency: 'EUR' }, 'unreadable'],
    [{ amount: '1.2.3', currency: 'EUR' }, 'unreadable'],
    [{ amount: '9'.repeat(500), currency: 'EUR' }, 'unreadable'],
    [{ amount: `${'0'.repeat(50)}5`, currency: 'EUR' }, ''],
    [{ amount: '5', currency: ' eur ' }, ''],
    [{ amount: 5, country_iso: 'DE', currency: 'EUR' }, ''],
  ])('that cannot be checked holds: %j → %s', (payload, id) => {
    const found = ids({ kind: 'money', per_call: 1_000_000, amounts_in: 'major' }, { ...payload });
    expect(found).toEqual(id === '' ? [] : [`money/${id} /amount`]);
  });

  test.each<[unknown]>([['1e9'], ['1_000_000'], ['1000000.00'], ['1,000,000'], ['１００００００']])(
    'holds a large amount written as %j, which is no plain integer either',
    (amount) => {
      expect(ids({ kind: 'money', per_call: 1_000 }, { amount, currency: 'EUR' })).toEqual([
        'money/unreadable /amount',
        'money/over_limit /amount',
      ]);
    },
  );

  // 200 EUR. In cents `500.00` was read as 5.00, `1e9` as 1 and `NaN` as no amount.
  test.each<[unknown]>([
    ['500.00'],
    ['500,00'],
    ['1.500,00'],
    ['€500'],
    ['500 €'],
    ['500 EUR'],
    ['EUR 500'],
    ['1e2'],
    ['1e9'],
    ['NaN'],
    ['Infinity'],
    ['five hundred'],
    ['all of it'],
    ['½'],
    ['1\u200b000\u200b000'],
    ['5\u00000000'],
    ['1 500'],
    ["1'500"],
    ['٥٠'],
    ['0x7'],
    ['--5'],
    ['50-'],
  ])('in minor units never guesses: %j is held', (amount) => {
    const refunds: GuardrailRule = { kind: 'money', id: 'refunds', per_call: 20_000, verdict: 'block' };
    const cost: GuardrailRule = { kind: 'cost_guard', per_call: 20_000 };
    expect(ids(refunds, { amount, currency: 'EUR' })).toContain('refunds/unreadable /amount');
    expect(ids(cost, { amount, currency: 'EUR' })).toContain('cost_guard/unreadable /amount');
    expect(ids(refunds, { amount: '19999', currency: 'EUR' })).toEqual([]);
  });

  test.each<[unknown]>([[Number.NaN], [Number.POSITIVE_INFINITY]])('holds the number %d', (amount) => {
    expect(ids({ kind: 'money', per_call: 20_000 }, { amount, currency: 'EUR' })).toEqual(['money/unreadable /amount']);
  });

  test('of a cap reads an amount in any object, and not the name of a charge', () => {
    const rule: GuardrailRule = { kind: 'money', per_call: 20_000 };
    for (const amount of [[20_001], { value: 20_001 }, { units: 20_001 }, { money: { minor: '20001' } }])
      expect(ids(rule, { amount, currency: 'EUR' })).toHaveLength(1);
    expect(ids(rule, { charge: 'ch_3OabcX99999', payment: 'pi_77777777', amount: 5 })).toEqual([]);
    expect(ids(rule, { value: '2026-11-30', amount: 5 })).toEqual([]);
  });

  test('of named actions holds a payment without an amount: it pays all that is left', () => {
    const rule: GuardrailRule = { kind: 'money', per_call: 20_000, applies_to: [{ action: '*refund*' }] };
    expect(ids(rule, { charge: 'ch_1' }, NO_PAST, 'create_refund')).toEqual(['money/no_amount ']);
    expect(ids(rule, { charge: 'ch_1' }, NO_PAST, 'get_refund')).toEqual([]);
    expect(ids({ kind: 'money', per_call: 20_000 }, { charge: 'ch_1' }, NO_PAST, 'refund')).toEqual([]);
    for (const amount of [null, '', true])
      for (const kind of ['money', 'cost_guard'] as const)
        expect(ids({ kind, per_call: 20_000 }, { amount })).toEqual([`${kind}/no_amount `]);
    expect(ids({ kind: 'money', per_call: 20_000 }, { fee: null, amount: 5 })).toEqual([]);
  });

  test('in an expression holds where an amount cannot be read', () => {
    const rule: GuardrailRule = { kind: 'expression', cel: 'amounts.exists(a, a.minor > 20000)' };
    for (const amount of ['500.00', '1e2', 'NaN', '€500'])
      expect(ids(rule, { amount })).toEqual(['expression/unparsed ']);
    expect(ids(rule, { amount: 20_001 })).toEqual(['expression/true ']);
    expect(ids(rule, { amount: '20000' })).toEqual([]);
  });

  test('per day sees the whole day beside a loop_breaker of a minute', () => {
    const rules: GuardrailRule[] = [
      { kind: 'loop_breaker', window_s: 60 },
      { kind: 'money', per_window: 1_000_000, amounts_in: 'minor' },
    ];
    const policy = reviewFlagged({ guardrails: rules });
    expect(historyWindow(policy)).toBe(86_400_000);
    const pay = (amount: unknown) => call({ amount, currency: 'KWD' }, 'pay');
    const spent = (amount: unknown): ScreenStats => ({
      ...NO_PAST,
      past: [pastAction(pay(amount), NOW - 20 * 3_600_000, 'a', policy)],
    });
    const found = (amount: unknown, before: unknown) => foundIn(pay(amount), {}, policy, spent(before));
    expect(found(600_000, 600_000)).toEqual(['money/over_window /amount']);
    expect(found(400_000, 600_000)).toEqual([]);
    // A person approved 600 dinars, whichever unit the text was in: it counts as the larger.
    expect(found(500_000, '600 KWD')).toEqual(['money/over_window /amount']);
  });

  test.each([
    'create_refund',
    'createRefund',
    'create_payout',
    'issue_refund',
    'stripe.refunds.create',
    'payout',
    'wire_transfer',
  ])('of the rule set money applies to %s', (action) => {
    const policy = reviewFlagged({ packs: ['money'] });
    const found = (amount: unknown) => foundIn(call({ amount, currency: 'EUR' }, action), {}, policy, NO_PAST);
    expect(found(100_001)).toEqual(['payments-cap/over_limit /amount']);
    expect(found(100_000)).toEqual([]);
  });

  test('in minor units needs no currency; an unknown one is held', () => {
    expect(ids({ kind: 'money', per_call: 5 }, { amount: 5 })).toEqual([]);
    expect(ids({ kind: 'money', per_call: 5 }, { amount: 5, currency: 'BTC' })).toEqual([
      'money/unknown_currency /amount',
    ]);
    expect(ids({ kind: 'money', per_call: 500 }, { amount: 12.5, currency: 'EUR' })).toEqual([
      'money/not_minor /amount',
    ]);
  });

  test('judges every amount, however many there are', () => {
    const amounts = Array.from({ length: 150 }, (_, at) => (at === 149 ? 6 : 1));
    expect(ids({ kind: 'money', per_call: 5 }, { currency: 'EUR', amounts })).toEqual([
      'money/over_limit /amounts/149',
    ]);
  });
});

describe('a refund', () => {
  test('passes up to its charge and is held one minor unit above, in each currency, unit and spelling', () => {
    fc.assert(
      fc.property(minor, currency, unit, spelling, spelling, (charge, code, of, how, chargedHow) => {
        const rule: GuardrailRule = { kind: 'money', original_pointer: '/charged', amounts_in: of };
        const charged = spelled(inUnit(charge, code, of), code, chargedHow, of).amount;
        const found = (amount: number) =>
          ids(
            rule,
            { ...spelled(inUnit(amount, code, of), code, how, of), currency: code, charged },
            NO_PAST,
            'refund',
          );
        expect(found(charge)).toEqual([]);
        expect(found(charge + 1)).toEqual(['money/over_original /amount']);
      }),
      { numRuns: 60 },
    );
  });

  test.each<[object, object, string[]]>([
    [{ value: 5, currency: 'EUR' }, { value: 5, currency: 'JPY' }, ['money/over_original /refund/value']],
    [{ value: 5, currency: 'EUR' }, { value: 5 }, ['money/over_original /refund/value']],
    [{ value: 5 }, { value: 5, currency: 'EUR' }, ['money/over_original /refund/value']],
    [
      { value: 5, currency: 'XAU' },
      { value: 5, currency: 'EUR' },
      ['money/no_original /charge/value', 'money/unknown_currency /charge/value'],
    ],
    [
      { value: '1.200', currency: 'EUR' },
      { value: 1_000, currency: 'EUR' },
      ['money/no_original /charge/value', 'money/unreadable /charge/value'],
    ],
    [{ value: 5 }, { value: 5 }, []],
    [{}, { value: 5 }, ['money/no_original /charge/value']],
  ])('of %j and a charge of %j is compared in one currency only', (charge, refund, found) => {
    const rule: GuardrailRule = { kind: 'money', original_pointer: '/charge/value' };
    expect(ids(rule, { charge, refund }, NO_PAST, 'refund').sort()).toEqual(found);
  });
});

describe('cost_guard', () => {
  const rule: GuardrailRule = { kind: 'cost_guard', amount_pointer: '/cents', currency: 'EUR', per_window: 1_000 };
  const past = (payload: object) => ({
    ...NO_PAST,
    past: [pastAction(call({ ...payload }, 'pay'), NOW - 1_000, 'a', reviewFlagged({ guardrails: [rule] }))],
  });
  test('counts the amounts at its pointer over the window, whatever their key', () => {
    expect(ids(rule, { cents: 100 }, past({ cents: 900 }))).toEqual([]);
    expect(ids(rule, { cents: 101 }, past({ cents: 900 }))).toEqual(['cost_guard/over_window /cents']);
    expect(ids(rule, { cents: 101, fee: 1 }, past({ cents: 899, fee: 500 }))).toEqual([]);
  });
  test('holds another currency, whichever member names it', () => {
    expect(ids(rule, { cents: 5, currency: 'KWD' })).toEqual(['cost_guard/currency /cents']);
    expect(ids(rule, { cents: 5, currency: 'EUR', ccy: 'KWD' }).sort()).toEqual([
      'cost_guard/currency /cents',
      'cost_guard/unknown_currency /cents',
    ]);
    expect(ids({ kind: 'cost_guard', currency: 'EUR', per_call: 9 }, { amount: 5, currency: 'JPY' })).toEqual([
      'cost_guard/currency /amount',
    ]);
  });
});
