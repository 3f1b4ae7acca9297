import { afterAll, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../domain/firewall/policy/policy.ts';
import { screenAction } from '../../domain/firewall/screen.ts';
import { heldUnjudged } from '../../domain/firewall/screener.ts';
import { loadParsers } from '../../runtime/parsers.ts';
import { createScreener } from '../../runtime/threads/screener.ts';

/** Real threads: the program is the one of the build. */
const parsers = await loadParsers();
const stopped: string[] = [];
const onStopped = (key: string, why: string) => void stopped.push(`${key} ${why}`);
const screener = createScreener({ parsers }, { threads: 1, onStopped });
const quick = createScreener({ parsers }, { threads: 1, ms: 1, onStopped });
afterAll(() => Promise.all([screener.end(), quick.end()]));

const policy = { ...DEFAULT_POLICY, default_routing: 'review_flagged' as const };
const note = 'The parcel of last week came back to us. ';
const call = (payload: Record<string, unknown>) => ({ service: 'support', action: 'run_sql', payload });
const large = (more: object = {}) => call({ text: note.repeat(1_000), ...more });

test.each([
  ['a harmless text', {}],
  ['a command', { command: 'rm -rf /' }],
  ['a statement', { query: 'delete from customers' }],
  ['a metadata service', { url: 'http://169.254.169.254/latest' }],
])('a large call with %s is screened on a thread, with the verdict that it has here', async (_, more) => {
  const context = { untrusted: true, task: 'answer the customer' };
  const stats = { now_ms: 1_700_000_000_000, agent: 'a', past: [] };
  for (const context_trust of ['full', 'tighten_only'] as const) {
    const of = { stats, context_trust };
    expect(await screener.screen('key_a', large(more), context, policy, of)).toEqual(
      screenAction(large(more), context, policy, undefined, { parsers, ...of }),
    );
  }
});

test('a screening that takes too long is ended: nothing is judged, its key is turned away, and other keys are served', async () => {
  expect(await quick.screen('key_slow', large({ rows: Array(5_000).fill('x') }), {}, policy)).toBeUndefined();
  expect(stopped).toContain('key_slow time');
  await expect(quick.screen('key_slow', large(), {}, policy)).rejects.toMatchObject({
    code: 'rate_limited',
    details: { retry_after: 2 },
  });
  // Small calls need no thread.
  expect(await quick.screen('key_slow', call({ query: 'delete from customers' }), {}, policy)).toMatchObject({
    verdict: 'hold',
  });
  expect(await screener.screen('key_slow', large(), {}, policy)).toMatchObject({ verdict: 'allow' });
});

test('what was not judged is held under every policy, and blocked where the route blocks it', () => {
  const unjudged = [expect.objectContaining({ id: 'payload_not_fully_judged', severity: 'high' })];
  for (const default_routing of ['observe', 'review_flagged', 'review_all'] as const)
    expect(heldUnjudged({ ...policy, default_routing }, large())).toEqual({
      verdict: 'hold',
      held_by: 'finding',
      findings: unjudged,
    });
  const blocking = {
    ...policy,
    routes: [{ service: '*', action: '*', routing: 'observe' as const, block: ['payload_not_fully_judged'] }],
  };
  expect(heldUnjudged(blocking, large())).toEqual({ verdict: 'block', findings: unjudged });
});
