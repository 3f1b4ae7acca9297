import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareUsage } from '../../api/limits/share-usage.ts';
import { createSharedBuckets } from '../../api/limits/shared-buckets.ts';
import { networkOf } from '../../api/limits/sign-ins.ts';
import type { UsageStore } from '../../domain/limits/ports.ts';
import { allowance } from '../../domain/limits/token-bucket.ts';

/** The table, in memory; it can be away, and it can be emptied. */
function table() {
  const totals = new Map<string, number>();
  let isAway = false;
  const store: UsageStore = {
    async add(uses) {
      if (isAway) throw new Error('away');
      return uses.map(({ id, used }) => {
        const total = (totals.get(id.toString('hex')) ?? 0) + used;
        totals.set(id.toString('hex'), total);
        return { id, used: total };
      });
    },
  };
  const away = (is: boolean) => {
    isAway = is;
  };
  return { store, totals, away };
}

/** Processes under one clock, each of which exchanges every 250 ms. */
function processes(count: number, store: UsageStore) {
  let now = 0;
  const all = Array.from({ length: count }, () => {
    const buckets = createSharedBuckets('requests', () => now);
    return { buckets, sharing: shareUsage(store, [buckets]) };
  });
  return {
    all,
    tick: async (ms: number) => {
      now += ms;
      for (const { sharing } of all) await sharing.exchange();
    },
    now: () => now,
    end: () => Promise.all(all.map(({ sharing }) => sharing.end())),
  };
}

const RATE = allowance(6_000);

test('many processes under full load let pass one burst each, the rate, and what arrives between two exchanges', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 20, maxLength: 80 }),
      async (count, load) => {
        const group = processes(count, table().store);
        let passed = 0;
        for (const calls of load) {
          for (const { buckets } of group.all)
            for (let n = 0; n < calls; n++) {
              const bucket = buckets.of('key', RATE);
              if (bucket.tokens < 1) break;
              buckets.take(bucket);
              passed += 1;
            }
          await group.tick(250);
        }
        await group.end();
        const between = RATE.per_ms * 250 * count;
        expect(passed).toBeLessThanOrEqual(count * RATE.burst + RATE.per_ms * group.now() + between);
      },
    ),
    { numRuns: 100 },
  );
});

test('under full load all processes together get the whole rate', async () => {
  const group = processes(3, table().store);
  let passed = 0;
  for (let second = 0; second < 120; second++)
    for (let step = 0; step < 4; step++) {
      for (const { buckets } of group.all)
        for (let n = 0; n < 100; n++) {
          const bucket = buckets.of('key', RATE);
          if (bucket.tokens < 1) break;
          buckets.take(bucket);
          passed += 1;
        }
      await group.tick(250);
    }
  await group.end();
  const rate = RATE.per_ms * group.now();
  expect(passed).toBeGreaterThan(0.95 * rate);
  expect(passed).toBeLessThan(1.05 * rate + 3 * RATE.burst);
});

test('what could not be told goes out later; after an outage nobody waits longer than one burst takes to fill', async () => {
  const { store, totals, away } = table();
  const group = processes(2, store);
  const use = (at: number, times: number) => {
    const { buckets } = group.all[at]!;
    for (let n = 0; n < times; n++) buckets.take(buckets.of('key', RATE));
  };
  use(0, 1);
  use(1, 1);
  await group.tick(250);
  away(true);
  for (let n = 0; n < 400; n++) {
    use(0, 25);
    use(1, 25);
    await group.tick(250);
  }
  away(false);
  await group.tick(250);
  await group.tick(250);
  expect([...totals.values()]).toEqual([20_002]);
  for (const { buckets } of group.all) expect(buckets.of('key', RATE).tokens).toBeGreaterThanOrEqual(-RATE.burst);
  await group.tick((2 * RATE.burst) / RATE.per_ms);
  for (const { buckets } of group.all) expect(buckets.of('key', RATE).tokens).toBe(RATE.burst);
  await group.end();
});

test('a table that a crash emptied refuses nobody', async () => {
  const { store, totals } = table();
  const group = processes(2, store);
  const [one, two] = group.all;
  for (const { buckets } of group.all) for (let n = 0; n < 100; n++) buckets.take(buckets.of('key', RATE));
  await group.tick(250);
  const before = two!.buckets.of('key', RATE).tokens;
  totals.clear();
  one!.buckets.take(one!.buckets.of('key', RATE));
  await group.tick(250);
  expect(two!.buckets.of('key', RATE).tokens).toBeGreaterThanOrEqual(before - 101);
  await group.end();
});

test('a bucket that is full again is forgotten', async () => {
  const { store } = table();
  const group = processes(1, store);
  const { buckets } = group.all[0]!;
  buckets.take(buckets.of('key', RATE));
  expect(buckets.open()).toHaveLength(1);
  await group.tick(1_000);
  expect(buckets.open()).toHaveLength(0);
  await group.end();
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', ''],
])('the address %s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
