import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ActionContext } from '../../contracts/action.ts';
import { createKeyring } from '../../crypto/keyring.ts';
import { parseRootKey } from '../../crypto/root-key.ts';
import { activityStores } from '../../storage/activity-stores.ts';
import { storedKeys } from '../../storage/keys/stored-keys.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

let system: TestSystem;
/** The key of a host program, whose context counts in full. */
let host: string;
const hostKey = async (owner: string): Promise<string> => {
  const body = { name: 'x', owner, role: 'agent', context_trust: 'full' };
  const answer = await system.call(system.admin_api_key, 'POST', '/api/keys', body);
  expect(answer.status).toBe(201);
  return answer.body.api_key;
};
beforeAll(async () => {
  system = await createSystem({ policy: { default_routing: 'review_flagged' } });
  host = await hostKey('host');
});
afterAll(() => system.stop());

/** Sends a mail to a recipient whom the task does not name: allowed, unless third-party text was read before. */
async function send(context: ActionContext, key = host) {
  const { status, body } = await system.call(key, 'POST', '/api/ingest', {
    service: 'mail',
    action: 'send_email',
    payload: { to: 'billing@unheard.example', body: 'as asked' },
    context: { task: 'Send an email with the summary.', ...context },
  });
  expect(status).toBe(201);
  const { pool } = system.database;
  const keyring = createKeyring(parseRootKey(system.env['LETSPING_ROOT_KEY']!), storedKeys(pool));
  const { project_id } = system;
  const kept = await activityStores(pool, keyring).screen.request({ project_id, request_id: body.id });
  return { verdict: body.verdict as string, context: kept?.context };
}

test('third-party text in a thread labels every later call of that thread, whatever the host states later', async () => {
  const thread_id = 'tainted';
  expect((await send({ thread_id, untrusted: false })).verdict).toBe('allow');
  expect((await send({ thread_id, untrusted: true })).verdict).toBe('hold');
  for (const later of [{ untrusted: false }, {}, { untrusted: false, private: true }])
    expect(await send({ thread_id, ...later })).toMatchObject({ verdict: 'hold', context: { untrusted: true } });
  expect((await send({ thread_id, untrusted: false })).context).toMatchObject({ untrusted: true, private: true });
});

test('it labels no call of another thread, without a thread, or of another agent', async () => {
  await send({ thread_id: 'mine', untrusted: true });
  expect(await send({ thread_id: 'another', untrusted: false })).toMatchObject({
    verdict: 'allow',
    context: { untrusted: false },
  });
  expect((await send({ untrusted: false })).verdict).toBe('allow');
  const other = await hostKey('other');
  expect((await send({ thread_id: 'mine', untrusted: false }, other)).verdict).toBe('allow');
});

test('only labels are carried over: names that an earlier call declared as known are not', async () => {
  const thread_id = 'names';
  await send({ thread_id, untrusted: true, allowed_domains: ['unheard.example'], known_recipients: ['lea'] });
  const { verdict, context } = await send({ thread_id });
  expect(verdict).toBe('hold');
  expect(context).toEqual({ thread_id, untrusted: true, task: 'Send an email with the summary.' });
});

test('after concurrent calls of one thread, the next call has the labels of all of them', async () => {
  const thread_id = 'branches';
  await Promise.all([true, false, false, false, false].map((untrusted) => send({ thread_id, untrusted })));
  expect((await send({ thread_id, untrusted: false })).context?.untrusted).toBe(true);
});
