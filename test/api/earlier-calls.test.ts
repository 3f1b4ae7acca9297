import { describe, expect, test } from 'vitest';
import { screenStats } from '../../api/operations/earlier-calls.ts';
import type { GuardrailRule } from '../../contracts/guardrails.ts';
import { DEFAULT_POLICY } from '../../domain/firewall/policy/policy.ts';
import { screenAction } from '../../domain/firewall/screen.ts';
import { call } from '../helpers/agent-call.ts';

const HOUR_MS = 3_600_000;
const DAILY: GuardrailRule = { kind: 'money', per_window: 1_000 };
const pay = (amount: number) => call({ amount, currency: 'EUR', recipient: 'R-1' }, 'pay');

/** A ledger that returns what it was asked for, newest first, as the store does. */
const ledgerOf = (...payments: { ago_ms: number; amount: number }[]) => ({
  recorded: async (_project: string, { since_ms, limit }: { since_ms: number; limit: number }) =>
    payments
      .filter(({ ago_ms }) => ago_ms < since_ms)
      .sort((a, b) => a.ago_ms - b.ago_ms)
      .slice(0, limit)
      .map(({ ago_ms, amount }) => ({
        id: `req_${ago_ms}_${amount}`,
        ...pay(amount),
        requested_by: 'a',
        created_at: new Date(Date.now() - ago_ms),
      })),
});

async function found(
  guardrails: GuardrailRule[],
  ledger: ReturnType<typeof ledgerOf>,
  amount: number,
): Promise<string[]> {
  const policy = { ...DEFAULT_POLICY, default_routing: 'review_flagged' as const, guardrails };
  const stats = await screenStats(ledger as never, 'p', policy, 'a');
  const deps = stats === undefined ? {} : { stats };
  return screenAction(pay(amount), {}, policy, undefined, deps).findings.map(({ id }) => id);
}

describe('a daily money limit', () => {
  const yesterday = ledgerOf({ ago_ms: 23 * HOUR_MS, amount: 900 });

  test('beside a loop breaker of one minute counts a payment of 23 hours ago', async () => {
    const rules: GuardrailRule[] = [DAILY, { kind: 'loop_breaker', window_s: 60 }];
    expect(await found(rules, yesterday, 101)).toEqual(['money/over_window']);
    expect(await found(rules, yesterday, 100)).toEqual([]);
  });

  test('alone holds no first payment, and counts the second', async () => {
    expect(await found([DAILY], ledgerOf(), 1_000)).toEqual([]);
    expect(await found([DAILY], yesterday, 101)).toEqual(['money/over_window']);
  });

  test('does not count a payment of 25 hours ago', async () => {
    expect(await found([DAILY], ledgerOf({ ago_ms: 25 * HOUR_MS, amount: 900 }), 1_000)).toEqual([]);
  });

  test('with more earlier calls than are counted holds', async () => {
    const many = ledgerOf(...Array.from({ length: 501 }, (_, at) => ({ ago_ms: at, amount: 1 })));
    expect(await found([DAILY], many, 1)).toEqual(['money/no_history']);
  });
});

test('the earlier calls are read once for a policy, and other work goes on meanwhile', async () => {
  const policy = { ...DEFAULT_POLICY, guardrails: [DAILY] };
  let reads = 0;
  const payload = new Proxy(pay(5).payload, {
    ownKeys: (target) => {
      reads += 1;
      return Reflect.ownKeys(target);
    },
  });
  const at = new Date();
  const recorded = async () =>
    Array.from({ length: 50 }, (_, id) => ({ ...pay(5), payload, id: `req_${id}`, requested_by: 'a', created_at: at }));
  const stats = async () => {
    let turns = 0;
    const turning = setInterval(() => (turns += 1), 0);
    const { past } = (await screenStats({ recorded } as never, 'p', policy, 'a'))!;
    clearInterval(turning);
    return { counted: past.length, turns };
  };
  expect(await stats()).toEqual({ counted: 50, turns: expect.any(Number) });
  const once = reads;
  expect(once).toBeGreaterThan(0);
  expect(await stats()).toMatchObject({ counted: 50 });
  expect(reads).toBe(once);
});
