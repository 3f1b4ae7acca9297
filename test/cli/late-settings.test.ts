import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000 });

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const FIRST = { PATH: process.env['PATH'], LETSPING_LATE_SETTINGS: '1', DATABASE_URL: 'postgres://127.0.0.1:1/none' };

/** `letsping worker`, with or without a channel to this process. */
function start(channel: 'ipc' | 'ignore'): { child: ChildProcess; ended: Promise<{ code: number; stderr: string }> } {
  const child = spawn(process.execPath, [MAIN, 'worker'], { env: FIRST, stdio: ['ignore', 'ignore', 'pipe', channel] });
  let stderr = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  // Not 'close': it does not come after `disconnect` of this side.
  const ended = Promise.all([once(child, 'exit'), once(child.stderr!, 'end')]);
  return { child, ended: ended.then(([[code]]) => ({ code: code as number, stderr })) };
}

test('a program that dev starts early uses the settings that are sent, and nothing of its first environment', async () => {
  const { child, ended } = start('ipc');
  child.send({ LOG_LEVEL: 'info' });
  const { code, stderr } = await ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/DATABASE_URL is missing/);
  expect(stderr).toMatch(/LETSPING_ROOT_KEY is missing/);
});

test('it ends when its parent ends before that', async () => {
  const { child, ended } = start('ipc');
  child.disconnect();
  expect(await ended).toEqual({ code: 1, stderr: '' });
});

test('without a channel the variable has no effect', async () => {
  const { ended } = start('ignore');
  const { code, stderr } = await ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/LETSPING_ROOT_KEY is missing/);
  expect(stderr).not.toMatch(/DATABASE_URL is missing/);
});
