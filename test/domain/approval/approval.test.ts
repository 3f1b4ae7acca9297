import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DecisionRef } from '../../../contracts/workflow.ts';
import {
  type ApprovalState,
  cancelled,
  decided,
  expired,
  isRepeat,
  mustWait,
  opened,
  patchScreened,
  patchScreening,
  refusalOf,
  refusedOutcome,
  screened,
  settledBy,
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
const proposed = patchScreened(decided(pending, patch, true, terms), 'second_approver');
const second: DecisionRef = { decision_id: 'dec_3', type: 'approve', actor: 'bo', payload_digest: digest(2) };

type Step =
  | { kind: 'screened'; verdict: 'allow' | 'hold' | 'block' }
  | { kind: 'decide'; decision: DecisionRef; verified: boolean; at: number }
  | { kind: 'patch'; screening: 'accepted' | 'refused' | 'second_approver' }
  | { kind: 'lapse' }
  | { kind: 'cancel' }
  | { kind: 'settle'; supported: boolean };

const anyDecision = fc
  .record({
    decision_id: fc.constantFrom('a', 'b', 'c', 'd'),
    type: fc.constantFrom('approve' as const, 'reject' as const, 'patch' as const),
    actor: fc.constantFrom('ana', 'bo', 'agent'),
    payload_digest: fc.constantFrom(digest(1), digest(2), digest(3), digest(9)),
    patched_digest: fc.constantFrom(digest(2), digest(3)),
  })
  // A salted digest is of one patch alone.
  .map(
    ({ patched_digest, ...d }): DecisionRef =>
      d.type === 'patch'
        ? { ...d, patched_digest, decision_id: `patch of ${d.actor}, ${patched_digest}`, payload_digest: digest(1) }
        : d,
  );
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('screened' as const),
    verdict: fc.constantFrom('allow' as const, 'hold' as const, 'block' as const),
  }),
  fc.record({
    kind: fc.constant('decide' as const),
    decision: anyDecision,
    verified: fc.boolean(),
    at: fc.integer({ min: 0, max: 1_200 }),
  }),
  fc.record({
    kind: fc.constant('patch' as const),
    screening: fc.constantFrom('accepted' as const, 'refused' as const, 'second_approver' as const),
  }),
  fc.record({ kind: fc.constant('lapse' as const) }),
  fc.record({ kind: fc.constant('cancel' as const) }),
  fc.record({ kind: fc.constant('settle' as const), supported: fc.boolean() }),
);

function step(state: ApprovalState, what: Step): ApprovalState {
  switch (what.kind) {
    case 'screened':
      return screened(state, what.verdict, terms);
    case 'decide':
      if (
        mustWait(state) ||
        (what.decision.type === 'patch' && !what.verified) || // no message of a bot is a patch
        refusalOf(state, what.decision, what.verified, terms, what.at) ||
        isRepeat(state, what.decision)
      )
        return state;
      return decided(state, what.decision, what.verified, terms);
    case 'patch':
      return patchScreened(state, what.screening);
    case 'lapse':
      return expired(state, terms);
    case 'cancel':
      return cancelled(state, terms);
    case 'settle':
      if (state.phase !== 'checking') return state;
      return what.supported ? settledBy(state.proposed) : refusedOutcome(state);
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

  test('what is proposed as approved: the firewall allowed it, or another person than its owner approved that digest in time', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 20 }), (steps) => {
        const end = steps.reduce(step, opened);
        if (end.phase !== 'checking' || end.proposed.status !== 'approved') return;
        const { cause, decision_id, payload_digest, verified } = end.proposed;
        if (cause === 'firewall') {
          expect(steps).toContainEqual({ kind: 'screened', verdict: 'allow' });
          return;
        }
        const said = steps.filter(
          (s): s is Extract<Step, { kind: 'decide' }> =>
            s.kind === 'decide' && s.decision.actor !== 'agent' && s.at < terms.expires_at_ms,
        );
        expect(
          said.some(
            ({ decision }) =>
              decision.decision_id === decision_id &&
              (decision.type === 'patch' ? decision.patched_digest : decision.payload_digest) === payload_digest &&
              decision.type !== 'reject',
          ),
        ).toBe(true);
        if (payload_digest === terms.payload_digest) return;
        // Another payload than the requested one: one person whose patch was accepted, or two people, neither of them a bot.
        expect(verified).toBe(true);
        const patches = said.filter(({ decision }) => decision.patched_digest === payload_digest);
        const accepted = steps.some((s) => s.kind === 'patch' && s.screening === 'accepted');
        const isOwn = patches.some(({ decision }) => decision.decision_id === decision_id);
        expect(isOwn ? accepted : patches.some(({ decision }) => decision.actor !== end.proposed.actor)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

const ended = { status: 'approved', cause: 'person', payload_digest: digest(1) } as const;

describe('refusals', () => {
  const cases: [string, ApprovalState, DecisionRef, number, string | undefined, boolean?][] = [
    ['counts while pending', pending, approve, 0, undefined],
    ['waits for the verdict while screening', opened, approve, 0, undefined],
    ['waits while screening, whatever the terms of the run are: they may be forged', opened, approve, 5_000, undefined],
    ['at the deadline is late', pending, approve, 1_000, 'expired'],
    ['by the owner of the request', pending, { ...approve, actor: 'agent' }, 0, 'own_request'],
    ['on another digest', pending, { ...approve, payload_digest: digest(7) }, 0, 'payload_changed'],
    ['while a patch is screened', decided(pending, patch, true, terms), approve, 0, 'patch_in_progress'],
    ['the patch in hand again', decided(pending, patch, true, terms), patch, 0, undefined],
    ['while an earlier message is checked, waits', expired(pending, terms), approve, 0, undefined],
    ['after the end', settledBy({ ...ended, decision_id: 'dec_9' }), approve, 0, 'not_pending'],
    ['after the end, the one that ended it', settledBy({ ...ended, decision_id: 'dec_1' }), approve, 5_000, undefined],
    ['recorded in time, that arrives late', pending, { ...approve, decided_at_ms: 999 }, 5_000, undefined],
    ['recorded late, that arrives early', pending, { ...approve, decided_at_ms: 1_000 }, 0, 'expired'],
    ['of a bot, that names a time itself', pending, { ...approve, decided_at_ms: 1 }, 5_000, 'expired', false],
    ['that approves the patch that waits', proposed, second, 0, undefined],
    ['by its author, on the patch that waits', proposed, { ...second, actor: 'ana' }, 0, 'own_patch'],
    ['by its author, that rejects', proposed, { ...second, actor: 'ana', type: 'reject' }, 0, undefined],
    ['by the requester, on the patch that waits', proposed, { ...second, actor: 'agent' }, 0, 'own_request'],
    ['of a bot, on the patch that waits', proposed, second, 0, 'payload_changed', false],
    [
      'of a bot, that rejects the patch that waits',
      proposed,
      { ...second, type: 'reject' },
      0,
      'payload_changed',
      false,
    ],
    ['on the requested payload, while a patch waits', proposed, approve, 0, undefined],
    ['of a bot, on the requested payload, while a patch waits', proposed, approve, 0, undefined, false],
    ['that is the patch that waits, again', proposed, patch, 0, 'second_approver'],
    ['that is the patch that waits, again and late', proposed, patch, 5_000, 'second_approver'],
    ['on the patch that waits, late', proposed, second, 1_000, 'expired'],
    ['on a patch that nobody made', pending, second, 0, 'payload_changed'],
    [
      'that patches a patch',
      proposed,
      { ...patch, decision_id: 'dec_4', payload_digest: digest(2) },
      0,
      'payload_changed',
    ],
  ];
  test.each(cases)('a decision %s', (_name, state, decision, now, expected, verified = true) => {
    expect(refusalOf(state, decision, verified, terms, now)).toBe(expected);
  });

  test('two absent ids are not the same decision', () => {
    expect(isRepeat(expired(pending, terms), { ...approve, decision_id: undefined as never })).toBe(false);
    expect(isRepeat(pending, { ...approve, decision_id: undefined as never })).toBe(false);
  });
});

test('a refused patch leaves the request pending, an accepted one runs', () => {
  const patching = decided(pending, patch, true, terms);
  expect(patchScreened(patching, 'refused')).toEqual({ phase: 'pending' });
  expect(patchScreened(patching, 'accepted')).toMatchObject({
    phase: 'checking',
    proposed: { status: 'approved', payload_digest: digest(2), decision_id: 'dec_2' },
  });
});

describe('a patch that waits for a second approver', () => {
  const other = { ...patch, decision_id: 'dec_5', actor: 'cy', patched_digest: digest(3) };

  test('runs as the second person approved it', () => {
    expect(decided(proposed, second, true, terms)).toMatchObject({
      phase: 'checking',
      proposed: {
        status: 'approved',
        cause: 'person',
        payload_digest: digest(2),
        decision_id: 'dec_3',
        actor: 'bo',
        verified: true,
      },
    });
  });

  test('is rejected with the request, whichever payload was shown', () => {
    for (const payload_digest of [digest(1), digest(2)])
      expect(decided(proposed, { ...second, type: 'reject', payload_digest }, true, terms)).toMatchObject({
        phase: 'checking',
        proposed: { status: 'rejected', payload_digest: digest(1), actor: 'bo' },
      });
  });

  test('stays after a refused patch, and is replaced by another patch that waits', () => {
    const patching = decided(proposed, other, true, terms);
    expect(patchScreened(patching, 'refused')).toEqual(proposed);
    const replaced = patchScreened(patching, 'second_approver');
    expect(replaced).toMatchObject({ phase: 'pending', proposal: { decision_id: 'dec_5' } });
    expect(refusalOf(replaced, second, true, terms, 0)).toBe('payload_changed');
    expect(patchScreened(patching, 'accepted')).toMatchObject({ proposed: { payload_digest: digest(3) } });
  });

  test('expires and is cancelled with the request', () => {
    expect(expired(proposed, terms)).toMatchObject({ proposed: { status: 'expired', payload_digest: digest(1) } });
    expect(cancelled(proposed, terms)).toMatchObject({ proposed: { status: 'cancelled', payload_digest: digest(1) } });
  });

  test('is refused when the answer is unknown', () => {
    expect((['allow', 'hold', 'block', 'second_approver'] as const).map(patchScreening)).toEqual([
      'accepted',
      'accepted',
      'refused',
      'second_approver',
    ]);
    expect(patchScreening('maybe' as never)).toBe('refused');
  });
});

test('an unknown verdict waits for a person', () => {
  expect(screened(opened, 'maybe' as never, terms)).toEqual({ phase: 'pending' });
  expect(screened(opened, undefined as never, terms)).toEqual({ phase: 'pending' });
});

test('an outcome that no row supports leaves the request as it was, with its waiting patch', () => {
  for (const state of [pending, proposed])
    for (const checking of [decided(state, approve, true, terms), expired(state, terms), cancelled(state, terms)]) {
      expect(checking.phase).toBe('checking');
      expect(refusedOutcome(checking)).toEqual(state);
    }
});

test('parsers of messages never throw', () => {
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
