import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freePorts, type Program, startProgram } from '../helpers/program.ts';
import { REPOSITORY } from '../helpers/repository-files.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

const PRELOAD = pathToFileURL(join(REPOSITORY, 'test/helpers/uncaught-error.mjs')).href;
const SECRET = 'c4nary-in-a-message';
const ALARM = 'alarm: an uncaught error ends this process';

let system: TestSystem;
const programs: Program[] = [];
beforeAll(async () => {
  system = await createSystem();
});
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill('SIGKILL');
    await program.exit;
  }
});
afterAll(() => system.stop());

async function start(command: 'api' | 'worker', extra: NodeJS.ProcessEnv): Promise<Program> {
  const env = { ...system.env, LOG_LEVEL: 'info', NODE_OPTIONS: `--import ${PRELOAD}`, SECRET, ...extra };
  const program = startProgram([command], env);
  programs.push(program);
  await program.says(`${command} ready`);
  return program;
}

const linesOf = (program: Program, message: string) =>
  program
    .output()
    .split('\n')
    .filter((line) => line.includes(JSON.stringify(message)))
    .map((line) => JSON.parse(line));

/** A POST of which the second half of the body is sent later. */
async function halfSent(port: number, key: string) {
  const body = JSON.stringify({ service: 'billing', action: 'refund', payload: { amount: 1 } });
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString();
  });
  const ended = once(socket, 'close');
  socket.write(
    `POST /api/ingest HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
  );
  // The api reads the request: it asks for the body.
  while (!answer.includes('100 Continue')) await once(socket, 'data');
  socket.write(body.slice(0, 20));
  return {
    async finish() {
      socket.write(body.slice(20));
      await ended;
      return answer;
    },
  };
}

test.each(['exception', 'rejection'])(
  'an uncaught %s: the api logs it without its message, stops accepting, finishes a request in flight, and exits with 70',
  async (UNCAUGHT) => {
    const port = await freePorts();
    const api = await start('api', { LETSPING_PORT: String(port), LETSPING_DRAIN_MS: '15000', UNCAUGHT });
    const running = await halfSent(port, system.agent_api_key);
    process.kill(api.child.pid!, 'SIGUSR2');
    await api.says('api stops');
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow();
    expect(api.child.exitCode).toBeNull();

    expect(await running.finish()).toContain('HTTP/1.1 201 Created');
    expect(await api.exit).toEqual({ code: 70, signal: null });
    const [line, ...others] = linesOf(api, ALARM);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ level: 50, uncaught: { name: 'TypeError' } });
    expect(line.uncaught.stack).toContain('uncaught-error.mjs');
    expect(api.output()).not.toContain(SECRET);
  },
);

test('an uncaught error: the worker logs it, finishes, and exits with 70', async () => {
  const worker = await start('worker', {});
  process.kill(worker.child.pid!, 'SIGUSR2');
  expect(await worker.exit).toEqual({ code: 70, signal: null });
  expect(linesOf(worker, ALARM)).toHaveLength(1);
  expect(worker.output()).toContain('"worker stopped"');
  expect(worker.output()).not.toContain(SECRET);
});

test('errors that repeat do not keep a process from ending, and fill no log', async () => {
  const port = await freePorts();
  const api = await start('api', { LETSPING_PORT: String(port) });
  const running = await halfSent(port, system.agent_api_key);
  for (let n = 0; n < 40; n++) {
    process.kill(api.child.pid!, 'SIGUSR2');
    await new Promise((resolve) => setTimeout(resolve, 5)); // equal signals that are pending count as one
  }
  await api.says('api stops');
  expect(await running.finish()).toContain('HTTP/1.1 201 Created');
  expect(await api.exit).toEqual({ code: 70, signal: null });
  expect(linesOf(api, ALARM).length).toBeLessThanOrEqual(20);
  expect(linesOf(api, ALARM).length).toBeGreaterThan(1);
});
