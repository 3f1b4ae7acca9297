import { afterAll, beforeAll, expect, test } from 'vitest';
import { acrossProjects } from '../../storage/db/transaction.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

/** Where every account of the machine reaches Temporal, as in `letsping dev`, no policy lets a Signal decide. */
let system: TestSystem;
beforeAll(async () => {
  system = await createSystem({
    policy: { accept_unsigned_signals: true },
    env: { LETSPING_UNSIGNED_SIGNALS: 'never' },
  });
});
afterAll(() => system.stop());

test('a request accepts none, although the stored policy does', async () => {
  const action = { service: 'bank', action: 'wire_money', payload: { amount: 1 } };
  const { id } = (await system.call(system.agent_api_key, 'POST', '/api/ingest', action)).body;
  const rows = await acrossProjects(system.database.pool, (tx) =>
    tx.query('select accept_unsigned_signals from approval_requests where id = $1', [id]),
  );
  expect(rows).toEqual([{ accept_unsigned_signals: false }]);
});

test('a policy that accepts them is refused, with its place', async () => {
  const put = (accept: boolean) =>
    system.call(system.admin_api_key, 'PUT', '/api/policy', { accept_unsigned_signals: accept });
  expect(await put(true)).toMatchObject({
    status: 422,
    body: { code: 'invalid_value', errors: [{ pointer: '/accept_unsigned_signals' }] },
  });
  expect((await put(false)).status).toBe(200);
});
