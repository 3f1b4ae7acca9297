import { afterAll, beforeAll, expect, test } from 'vitest';
import { permits } from '../../cli/commands/permits.ts';
import { show } from '../../cli/commands/show.ts';
import { LetsPing } from '../../client/index.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { run } from './run.ts';

let system: TestSystem;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  system = await createSystem({ policy: { default_routing: 'review_flagged' } });
  env = { LETSPING_BASE_URL: system.api.url, LETSPING_API_KEY: system.approver_api_key };
});
afterAll(() => system?.stop());

/** The id of a request whose effect failed. */
async function failed(): Promise<string> {
  const lp = new LetsPing(system.agent_api_key, { baseUrl: system.api.url });
  let id = '';
  const running = lp.run({ service: 'crm', action: 'read', payload: { n: 1 } }, (_, { request_id }) => {
    id = request_id;
    throw new Error('connection lost');
  });
  await expect(running).rejects.toThrow('connection lost');
  return id;
}

test('an unknown result is listed and shown, and closed by a person', async () => {
  const id = await failed();
  expect((await run(show, [id], env)).err).toContain(`letsping permits close ${id}`);
  expect((await run(permits, ['list'], env)).out).toMatch(new RegExp(`${id} .*its effect failed`));
  expect(await run(permits, ['close', id], env)).toMatchObject({ code: 2 });

  const closed = await run(permits, ['close', id, '--as', 'done', '--json'], env);
  expect(JSON.parse(closed.out)).toMatchObject({ permit: { state: 'done', closed_by: 'dev-approver' } });
  expect((await run(permits, ['list'], env)).out).toBe('No result is unknown.\n');
  expect(await run(permits, ['close', id, '--as', 'not_run'], env)).toMatchObject({
    code: 1,
    failure: { code: 'permit_not_unknown' },
  });
  expect((await run(show, [id], env)).out).toMatch(/permit +done: dev-approver closed it/);
});

test('one that has not run is free again', async () => {
  const id = await failed();
  const closed = await run(permits, ['close', id, '--as', 'not_run'], env);
  expect(closed.out).toMatch(/so it is free again/);
  expect(closed.err).toMatch(/It may have run/);
});
