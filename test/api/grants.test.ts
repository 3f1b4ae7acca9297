import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createGrants, type GrantEnd } from '../../api/live/grants.ts';
import { createDecide, type DecideDeps } from '../../api/operations/decide.ts';
import type { Grant } from '../../domain/access/ports.ts';

const byKey = (key_id: string): Grant => ({ key_id, session_id: null, expires_at: null });
const bySession = (session_id: string, key_id: string | null, expires_at: Date | null = null): Grant => ({
  key_id,
  session_id,
  expires_at,
});

/** A database in which these keys are revoked. `asked` has the keys of each query. */
function database() {
  const revoked = new Set<string>();
  const asked: (string | null)[][] = [];
  let fails = false;
  const grants = createGrants({
    async endedAmong(of) {
      asked.push(of.map(({ key_id }) => key_id));
      if (fails) throw new Error('no database');
      return ({ key_id }) => key_id !== null && revoked.has(key_id);
    },
  });
  const fail = () => {
    fails = true;
  };
  return { revoked, asked, grants, fail };
}
const endOf = () => {
  const ends: GrantEnd[] = [];
  return { ends, listener: (why: GrantEnd) => void ends.push(why) };
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('one query for all that is open, each half second, and none when nothing is', async () => {
  const { grants, asked } = database();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked).toEqual([]);
  const held = ['key_a', 'key_b', 'key_b'].map((id) => grants.hold(byKey(id)));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual([
    ['key_a', 'key_b', 'key_b'],
    ['key_a', 'key_b', 'key_b'],
  ]);
  for (const open of held) open.release();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked.length).toBe(2);
});

test('a sweep ends what was revoked, once, and leaves the rest', async () => {
  const { grants, revoked } = database();
  const [mine, other, over] = [endOf(), endOf(), endOf()];
  const open = grants.hold(byKey('key_a'));
  open.onEnd(mine.listener);
  grants.hold(byKey('key_b')).onEnd(other.listener);
  const released = grants.hold(byKey('key_a'));
  released.onEnd(over.listener);
  released.release();
  expect(() => open.check()).not.toThrow();
  revoked.add('key_a');
  await vi.advanceTimersByTimeAsync(2_000);
  expect([mine.ends, other.ends, over.ends]).toEqual([['revoked'], [], []]);
  expect(() => open.check()).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  const late = endOf();
  open.onEnd(late.listener);
  expect(late.ends).toEqual(['revoked']);
});

test('a notice, a sign-out and the expiry end without the database', async () => {
  const { grants, fail } = database();
  fail();
  const [key, session, expired] = [endOf(), endOf(), endOf()];
  grants.hold(bySession('s1', 'key_a')).onEnd(key.listener);
  grants.hold(bySession('s2', null)).onEnd(session.listener);
  grants.hold(bySession('s3', null, new Date(Date.now() + 700))).onEnd(expired.listener);
  grants.keyRevoked('key_a');
  grants.sessionEnded('s2');
  expect([key.ends, session.ends, expired.ends]).toEqual([['revoked'], ['revoked'], []]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(expired.ends).toEqual(['revoked']);
});

test('what nobody could confirm for ten seconds ends as unverified', async () => {
  const { grants, fail } = database();
  const end = endOf();
  const open = grants.hold(byKey('key_a'));
  open.onEnd(end.listener);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(end.ends).toEqual([]);
  fail();
  await vi.advanceTimersByTimeAsync(9_000);
  expect(end.ends).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(end.ends).toEqual(['unverified']);
  expect(() => open.check()).toThrow(expect.objectContaining({ code: 'database_unavailable' }));
});

test('confirm asks now, and not at the next sweep', async () => {
  const { grants, revoked } = database();
  const open = grants.hold(byKey('key_a'));
  await open.confirm();
  revoked.add('key_a');
  await expect(open.confirm()).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a decision whose author loses access while the patch is checked is not written', async () => {
  const { grants } = database();
  const open = grants.hold(byKey('key_a'));
  const request = {
    id: 'req_1',
    project_id: 'prj_1',
    service: 's',
    action: 'a',
    payload: { n: 1 },
    payload_digest: `sha256:${'0'.repeat(64)}`,
    requested_by: 'bot',
    metadata: {},
    schema: { type: 'object' },
    key_id: 'key_b',
  };
  const recordDecision = vi.fn();
  const decide = createDecide({
    decisions: {
      deciding: (_project: string, _id: string, work: (entry: object) => unknown) =>
        work({ request, proposal: async () => undefined, record: recordDecision }),
      recordDecision,
    },
    workflows: {},
    agentSchemas: {
      async check() {
        grants.keyRevoked('key_a');
        return { violations: [] };
      },
    },
  } as unknown as DecideDeps);
  const person = {
    project_id: 'prj_1',
    owner: 'ana',
    role: 'approver',
    key_id: 'key_a',
    services: null,
    context_trust: 'tighten_only',
    permissions: null,
    made_by: null,
    via: 'key',
  } as const;
  const patch = { type: 'patch', payload_digest: request.payload_digest, patched_payload: { n: 2 } } as const;
  await expect(decide(person, 'req_1', patch, 'dec_1', 'api', () => open.check())).rejects.toMatchObject({
    code: 'unauthenticated',
  });
  expect(recordDecision).not.toHaveBeenCalled();
});
