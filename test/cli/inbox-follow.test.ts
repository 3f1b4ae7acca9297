import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { approve } from '../../cli/commands/decide.ts';
import { LetsPing } from '../../client/index.ts';
import { type LocalSystem, localSystem } from '../helpers/local-system.ts';
import { run } from './run.ts';

let system: LocalSystem;
beforeAll(async () => {
  system = await localSystem();
});
afterAll(() => system?.stop());

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

test('inbox --follow prints changes, one JSON document per line', async () => {
  const lp = new LetsPing(system.agent_api_key, { baseUrl: system.api_url });
  const child = spawn(process.execPath, [MAIN, 'inbox', '--follow', '--json', '--service', 'watched'], {
    env: { ...process.env, ...system.approver },
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value as string);
    expect(await next()).toEqual({ items: [], not_authentic: 0, next: null });
    await lp.open({ service: 'other', action: 'sql', payload: {} });
    const { id } = await lp.open({ service: 'watched', action: 'sql', payload: { query: 'DROP TABLE users' } });
    const seen: string[] = [];
    for (let line = await next(); ; line = await next()) {
      expect(line.request).toMatchObject({ id, service: 'watched' });
      seen.push(line.event);
      if (line.event === 'approval_request.held') await run(approve, [id], system.approver);
      if (line.event === 'approval_request.resolved') break;
    }

    expect(seen).toContain('approval_request.held');
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
});
