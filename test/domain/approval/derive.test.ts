import { describe, expect, test } from 'vitest';
import { CAUSES, OUTCOME_STATUSES } from '../../../contracts/decision.ts';
import { derive, type Facts, type Hint, hintOf } from '../../../domain/approval/derive.ts';
import type { DecisionRecord, RequestRecord } from '../../../domain/approval/record.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const DEADLINE = 1_000_000;
const request = {
  id: 'req_1',
  payload_digest: digest('a'),
  requested_by: 'agent',
  verdict: 'hold',
  accept_unsigned_signals: false,
  expires_at: new Date(DEADLINE),
} as RequestRecord;
const decisionRow = (given: Partial<DecisionRecord> = {}): DecisionRecord => ({
  id: 'dec_1',
  request_id: 'req_1',
  type: 'approve',
  actor: 'ceo',
  channel: 'api',
  key_made_by: null,
  payload_digest: digest('a'),
  patched_digest: null,
  created_at: new Date(DEADLINE - 100),
  screening: null,
  screened_at: null,
  sent_back_at: null,
  payload_removed_at: null,
  ...given,
});
const waiting = decisionRow({
  id: 'dec_p',
  type: 'patch',
  actor: 'ana',
  patched_digest: digest('b'),
  screening: 'second_approver',
});
const at = (hint: Hint, { now = DEADLINE - 50, ...facts }: Partial<Omit<Facts, 'now'>> & { now?: number } = {}) =>
  derive(hint, { now: new Date(now), request, ...facts });
const decision: Hint = { kind: 'decision', decision_id: 'dec_1' };
const bot = {
  kind: 'bot',
  decision_id: 'bot/1',
  type: 'approve',
  actor: 'slack-bot',
  payload_digest: digest('a'),
} as const satisfies Hint;
const signals = { ...request, accept_unsigned_signals: true };
const cancellation = (created_at: number) =>
  ({ request_id: 'req_1', cause: 'caller', requested_by: 'agent', created_at: new Date(created_at) }) as const;

const outcome = (status: string, cause: string, more: object = {}) => ({
  is: 'outcome',
  outcome: expect.objectContaining({ status, cause, ...more }),
});
const refused = expect.objectContaining({ is: 'refused' });

describe('an outcome comes from rows and the clock', () => {
  const byDecision = (given: Partial<DecisionRecord>, more: Parameters<typeof at>[1] = {}) =>
    at(decision, { decision: decisionRow(given), ...more });
  test.each<[string, ReturnType<typeof at>, unknown]>([
    ['an approval', byDecision({}), outcome('approved', 'person', { actor: 'ceo', channel: 'api', verified: true })],
    ['an approval without a row', at(decision), refused],
    ['an approval by the requester', byDecision({ actor: 'agent' }), refused],
    ['an approval of another digest', byDecision({ payload_digest: digest('f') }), refused],
    ['an approval that was sent back', byDecision({ sent_back_at: new Date(1) }), refused],
    [
      'an approval in time, settled an hour late',
      byDecision({}, { now: DEADLINE + 3_600_000 }),
      outcome('approved', 'person'),
    ],
    [
      'an approval in the last millisecond',
      byDecision({ created_at: new Date(DEADLINE - 1) }),
      outcome('approved', 'person'),
    ],
    [
      'an approval in the millisecond of the deadline',
      byDecision({ created_at: new Date(DEADLINE) }, { now: DEADLINE }),
      outcome('expired', 'deadline', { actor: null }),
    ],
    ['an approval from the future', byDecision({ created_at: new Date(DEADLINE + 9) }), refused],
    [
      'a patch that the firewall accepted',
      byDecision({ type: 'patch', patched_digest: digest('b'), screening: 'accepted' }),
      outcome('approved', 'person', { payload_digest: digest('b') }),
    ],
    ['a patch that was not screened', byDecision({ type: 'patch', patched_digest: digest('b') }), refused],
    [
      'a patch that was refused',
      byDecision({ type: 'patch', patched_digest: digest('b'), screening: 'refused' }),
      refused,
    ],
    ['a patch that waits, by itself', at(decision, { decision: waiting, proposal: waiting }), refused],
    [
      'a second approver',
      byDecision({ payload_digest: digest('b') }, { proposal: waiting }),
      { ...outcome('approved', 'person', { payload_digest: digest('b') }), patched_by: 'ana' },
    ],
    [
      'a second approver who is the author',
      byDecision({ payload_digest: digest('b'), actor: 'ana' }, { proposal: waiting }),
      refused,
    ],
    [
      'a second approver of an older patch',
      byDecision({ payload_digest: digest('b') }, { proposal: { ...waiting, patched_digest: digest('c') } }),
      refused,
    ],
    ['a patch of a patch', byDecision({ type: 'patch', payload_digest: digest('b') }, { proposal: waiting }), refused],
    ['a rejection', byDecision({ type: 'reject' }), outcome('rejected', 'person', { payload_digest: digest('a') })],
    [
      'a rejection of the patch that waits',
      byDecision({ type: 'reject', payload_digest: digest('b'), actor: 'ana' }, { proposal: waiting }),
      outcome('rejected', 'person', { payload_digest: digest('a') }),
    ],
    ['the deadline', at({ kind: 'deadline' }, { now: DEADLINE }), outcome('expired', 'deadline')],
    [
      'the deadline, an hour late',
      at({ kind: 'deadline' }, { now: DEADLINE + 3_600_000 }),
      outcome('expired', 'deadline'),
    ],
    ['the deadline, 20 ms early', at({ kind: 'deadline' }, { now: DEADLINE - 20 }), { is: 'early', remaining_ms: 20 }],
    ['the firewall, of a hold', at({ kind: 'firewall' }), refused],
    [
      'the firewall, of an allow',
      at({ kind: 'firewall' }, { request: { ...request, verdict: 'allow' } }),
      outcome('approved', 'firewall'),
    ],
    [
      'the firewall, of a block',
      at({ kind: 'firewall' }, { request: { ...request, verdict: 'block' } }),
      outcome('rejected', 'firewall'),
    ],
    [
      'a cancellation',
      at({ kind: 'cancellation' }, { cancellation: cancellation(DEADLINE - 80) }),
      outcome('cancelled', 'caller'),
    ],
    ['a cancellation without a row', at({ kind: 'cancellation' }), refused],
    [
      'a cancellation after the deadline',
      at({ kind: 'cancellation' }, { cancellation: cancellation(DEADLINE), now: DEADLINE + 1 }),
      outcome('expired', 'deadline'),
    ],
    [
      'an unsigned signal',
      at(bot, { request: signals }),
      outcome('approved', 'person', { verified: false, channel: 'signal' }),
    ],
    ['an unsigned signal that is not accepted', at(bot), refused],
    ['an unsigned signal by the requester', at({ ...bot, actor: 'agent' }, { request: signals }), refused],
    ['an unsigned signal by nobody', at({ ...bot, actor: '' }, { request: signals }), refused],
    ['an unsigned signal under an id of the api', at({ ...bot, decision_id: 'dec_1' }, { request: signals }), refused],
    [
      'an unsigned signal on another payload',
      at({ ...bot, payload_digest: digest('b') }, { request: signals }),
      refused,
    ],
    [
      'an unsigned signal after the deadline',
      at(bot, { request: signals, now: DEADLINE }),
      outcome('expired', 'deadline'),
    ],
    ['the requester, spelled otherwise', at(decision, { decision: decisionRow({ actor: 'AGENT\u200b' }) }), refused],
    [
      'a bot with the requester’s name, spelled otherwise',
      at({ ...bot, actor: 'Agent' }, { request: signals }),
      refused,
    ],
    ['a quarantine', at({ kind: 'quarantine' }), outcome('cancelled', 'forged', { channel: 'watcher', actor: null })],
    ['a quarantine after the deadline', at({ kind: 'quarantine' }, { now: DEADLINE }), outcome('expired', 'deadline')],
    ['anything else', at({ kind: 'unknown' }), refused],
  ])('%s', (_name, found, wanted) => expect(found).toEqual(wanted));
});

test('of 28 pairs of status and cause six are known', () => {
  const known = OUTCOME_STATUSES.flatMap((status) => CAUSES.map((cause) => ({ status, cause }))).filter(
    (pair) => hintOf({ ...pair, payload_digest: digest('a') }).kind !== 'unknown',
  );
  expect(known.map(({ status, cause }) => `${status}/${cause}`)).toEqual([
    'approved/person',
    'approved/firewall',
    'rejected/person',
    'rejected/firewall',
    'expired/deadline',
    'cancelled/caller',
  ]);
});

test('a message cannot name actor, digest, status or channel of a decision: its row does', () => {
  const message = { status: 'rejected', cause: 'person', payload_digest: digest('e'), actor: 'mallory' } as const;
  expect(at(hintOf({ ...message, decision_id: 'dec_1', verified: true }), { decision: decisionRow() })).toEqual(
    outcome('approved', 'person', { actor: 'ceo', payload_digest: digest('a') }),
  );
});
