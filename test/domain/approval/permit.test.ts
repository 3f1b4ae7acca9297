import { expect, test } from 'vitest';
import { Policy } from '../../../contracts/policy.ts';
import {
  type ClaimRecord,
  executedAt,
  mayClaim,
  permitState,
  progressOf,
  UNKNOWN_AFTER_MS,
} from '../../../domain/approval/permit.ts';
import { loosenings } from '../../../domain/policy/loosenings.ts';

const at = new Date('2026-01-01T00:00:00Z');
const later = (ms: number) => new Date(at.getTime() + ms);
const claim = (given: Partial<ClaimRecord> = {}): ClaimRecord => ({
  request_id: 'req_1',
  attempt: 1,
  payload_digest: 'sha256:1',
  claimed_by: 'bot',
  key_id: 'key_1',
  token_sha256: new Uint8Array(32),
  retryable: false,
  claimed_at: at,
  unknown_after: later(UNKNOWN_AFTER_MS),
  ended: null,
  ended_at: null,
  closed_as: null,
  closed_by: null,
  closed_at: null,
  ...given,
});

test.each([
  ['free', undefined, 0],
  ['claimed', claim(), UNKNOWN_AFTER_MS - 1],
  ['unknown', claim(), UNKNOWN_AFTER_MS],
  ['done', claim({ ended: 'done', ended_at: at }), UNKNOWN_AFTER_MS],
  ['not_run', claim({ ended: 'not_run', ended_at: at }), 0],
  ['unknown', claim({ ended: 'failed', ended_at: at }), 0],
  ['done', claim({ ended: 'failed', ended_at: at, closed_as: 'done', closed_at: later(1) }), 2],
  ['not_run', claim({ closed_as: 'not_run', closed_at: at }), UNKNOWN_AFTER_MS],
] as const)('a permit is %s by its newest claim and the clock', (state, newest, ms) => {
  expect(permitState(newest, later(ms))).toBe(state);
});

test('no time frees a permit: an unknown one is claimed again only where both claims and the policy say so', () => {
  const never = later(1_000 * UNKNOWN_AFTER_MS);
  for (const [first, second, policy] of [
    [false, false, true],
    [true, false, true],
    [false, true, true],
    [true, true, false],
  ] as const)
    expect(mayClaim(claim({ retryable: first }), never, second, policy)).toBe(false);
  expect(mayClaim(claim({ retryable: true }), never, true, true)).toBe(true);
  expect(mayClaim(claim({ retryable: true }), at, true, true)).toBe(false);
  expect(mayClaim(claim({ retryable: true, ended: 'done', ended_at: at }), never, true, true)).toBe(false);
  expect(mayClaim(claim({ ended: 'not_run', ended_at: at }), at, false, false)).toBe(true);
});

test('it was executed when its claimant, or the person who closed it, said so', () => {
  expect(executedAt(claim({ ended: 'done', ended_at: later(1) }))).toEqual(later(1));
  expect(executedAt(claim({ ended: 'failed', ended_at: at, closed_as: 'done', closed_at: later(2) }))).toEqual(
    later(2),
  );
  expect(
    executedAt(claim({ ended: 'failed', ended_at: at, closed_as: 'not_run', closed_at: later(2) })),
  ).toBeUndefined();
  expect(executedAt(claim())).toBeUndefined();
});

test('every step of a permit is progress', () => {
  const steps = [
    undefined,
    claim(),
    claim({ ended: 'failed', ended_at: at }),
    claim({ closed_as: 'not_run', closed_at: at }),
    claim({ ended: 'not_run', ended_at: at, closed_as: 'not_run', closed_at: at }),
    claim({ attempt: 2 }),
  ].map(progressOf);
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
});

test('a policy that asks less of a claim is looser', () => {
  const before = Policy.parse({ permit: { recheck: true, expires_in_ms: 60_000, retry: 'refuse' } });
  expect(loosenings(before, Policy.parse({}))).toEqual([
    'Permits of */* are not rechecked any more.',
    'Permits of */* can be claimed longer.',
    'Unknown results of */* can be claimed again.',
  ]);
  expect(loosenings(Policy.parse({}), before)).toEqual([]);
  const route = { service: 's', routing: 'review_all' };
  const routed = Policy.parse({ ...before, routes: [{ ...route, permit: {} }] });
  expect(loosenings(before, routed).every((sentence) => sentence.includes('s/*'))).toBe(true);
  expect(loosenings(before, Policy.parse({ ...before, routes: [route] }))).toEqual([]);
});
