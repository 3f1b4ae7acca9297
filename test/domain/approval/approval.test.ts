import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DecisionRef } from '../../../contracts/workflow.ts';
import {
  type ApprovalState,
  decided,
  foundForged,
  isRepeat,
  lapsed,
  opened,
  patchScreened,
  refusalOf,
  screened,
  withdrawn,
} from '../../../domain/approval/approval.ts';
import { parseBotDecision, parseDecisionRef } from '../../../domain/approval/messages.ts';

const digest = (n: number) => `sha256:${n.toString(16).padStart(64, '0')}`;
const terms = { payload_digest: digest(1), requested_by: 'agent', expires_at_ms: 1_000 };
const approve: DecisionRef = {
  decision_id: 'dec_1',
  type: 'approve',
  actor: 'ana',
  payload_digest: terms.payload_digest,
};
const patch: DecisionRef = { ...approve, decision_id: 'dec_2', type: 'patch', patched_digest: digest(2) };
const pending = screened(opened, 'hold', terms);

type Step =
  | { kind: 'screened'; verdict: 'allow' | 'hold' | 'block' }
  | { kind: 'decide'; decision: DecisionRef; at: number }
  | { kind: 'patch'; accepted: boolean }
  | { kind: 'lapse' }
  | { kind: 'withdraw' };

const anyDecision = fc
  .record({
    decision_id: fc.constantFrom('a', 'b', 'c'),
    type: fc.constantFrom('approve' as const, 'reject' as const, 'patch' as const),
    actor: fc.constantFrom('ana', 'bo', 'agent'),
    payload_digest: fc.constantFrom(digest(1), digest(9)),
  })
  .map((d): DecisionRef => (d.type === 'patch' ? { ...d, patched_digest: digest(2) } : d));
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('screened' as const),
    verdict: fc.constantFrom('allow' as const, 'hold' as const, 'block' as const),
  }),
  fc.record({ kind: fc.constant('decide' as const), decision: anyDecision, at: fc.integer({ min: 0, max: 2_000 }) }),
  fc.record({ kind: fc.constant('patch' as const), accepted: fc.boolean() }),
  fc.record({ kind: fc.constant('lapse' as const) }),
  fc.record({ kind: fc.constant('withdraw' as const) }),
);

function step(state: ApprovalState, what: Step): ApprovalState {
  switch (what.kind) {
    case 'screened':
      return screened(state, what.verdict, terms);
    case 'decide':
      if (
        state.phase === 'screening' ||
        refusalOf(state, what.decision, terms, what.at) ||
        isRepeat(state, what.decision)
      )
        return state;
      return decided(state, what.decision, true, terms);
    case 'patch':
      return patchScreened(state, what.accepted);
    case 'lapse':
      return lapsed(state, terms);
    case 'withdraw':
      return withdrawn(state, terms);
    default:
      return what satisfies never;
  }
}

describe('any order of events', () => {
  test('a closed approval stays as it was closed', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
        let state = opened;
        let closedAs: ApprovalState | undefined;
        for (const what of steps) {
          state = step(state, what);
          if (closedAs) expect(state).toBe(closedAs);
          else if (state.phase === 'closed') closedAs = state;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('approved means: the firewall allowed it, or somebody else than its owner approved that digest in time', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
        const end = steps.reduce(step, opened);
        if (end.phase !== 'closed' || end.proposed.status !== 'approved') return;
        if (end.proposed.cause === 'firewall') {
          expect(steps).toContainEqual({ kind: 'screened', verdict: 'allow' });
          return;
        }
        const said = steps.filter(
          (s): s is Extract<Step, { kind: 'decide' }> =>
            s.kind === 'decide' && s.decision.decision_id === end.proposed.decision_id,
        );
        expect(
          said.some(
            ({ decision, at }) =>
              decision.type !== 'reject' &&
              decision.actor !== 'agent' &&
              decision.payload_digest === terms.payload_digest &&
              at < terms.expires_at_ms,
          ),
        ).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('refusals', () => {
  const cases: [string, ApprovalState, DecisionRef, number, string | undefined][] = [
    ['counts while pending', pending, approve, 0, undefined],
    ['waits for the verdict while screening', opened, approve, 0, undefined],
    ['at the deadline is late', pending, approve, 1_000, 'expired'],
    ['by the owner of the request', pending, { ...approve, actor: 'agent' }, 0, 'own_request'],
    ['on another digest', pending, { ...approve, payload_digest: digest(7) }, 0, 'payload_changed'],
    ['while a patch is screened', decided(pending, patch, true, terms), approve, 0, 'patch_in_progress'],
    ['the patch in hand again', decided(pending, patch, true, terms), patch, 0, undefined],
    ['after the end', lapsed(pending, terms), approve, 0, 'not_pending'],
    ['after the end, the one that ended it', decided(pending, approve, true, terms), approve, 5_000, undefined],
  ];
  test.each(cases)('a decision %s', (_name, state, decision, now, expected) => {
    expect(refusalOf(state, decision, terms, now)).toBe(expected);
  });

  test('two absent ids are not the same decision', () => {
    expect(isRepeat(lapsed(pending, terms), { ...approve, decision_id: undefined as never })).toBe(false);
    expect(isRepeat(pending, { ...approve, decision_id: undefined as never })).toBe(false);
  });
});

test('a refused patch leaves the request pending, an accepted one is what runs', () => {
  const patching = decided(pending, patch, true, terms);
  expect(patchScreened(patching, false)).toEqual({ phase: 'pending' });
  expect(patchScreened(patching, true)).toMatchObject({
    phase: 'closed',
    proposed: { status: 'approved', payload_digest: digest(2), decision_id: 'dec_2' },
  });
});

test('a verdict that nobody can read waits for a person', () => {
  expect(screened(opened, 'maybe' as never, terms)).toEqual({ phase: 'pending' });
  expect(screened(opened, undefined as never, terms)).toEqual({ phase: 'pending' });
});

test('forged closes as cancelled and never approves', () => {
  expect(foundForged(terms).proposed).toEqual({
    status: 'cancelled',
    cause: 'forged',
    payload_digest: terms.payload_digest,
  });
});

test('parsers of messages are total', () => {
  fc.assert(
    fc.property(fc.anything(), (raw) => {
      parseDecisionRef(raw);
      parseBotDecision(raw, () => 'x');
    }),
    { numRuns: 2_000 },
  );
  expect(parseBotDecision({ ...patch }, () => 'x')).toBeUndefined();
  expect(parseBotDecision({ type: 'approve', actor: 'bot', payload_digest: digest(1) }, () => 'x')).toMatchObject({
    decision_id: 'bot/x',
  });
});
