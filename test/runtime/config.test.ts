import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ConfigError, loadConfig } from '../../runtime/config.ts';

const dir = mkdtempSync(join(tmpdir(), 'letsping-config-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

const ROOT = 'q0r7Zb1n8T4mXc5vKd2sYw9eHf6uJg3aLp0iOt8rEw4=';
const GOOD = { DATABASE_URL: 'postgres://a:b@127.0.0.1:5432/c', LETSPING_ROOT_KEY: ROOT };
const problems = (env: NodeJS.ProcessEnv): string[] => {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
  throw new Error('it was accepted');
};

test('every error names its variable, the fault and an example, and never a value', () => {
  const found = problems({
    DATABASE_URL: 'mysql://s3cret@host/x',
    LETSPING_PORT: '80a',
    LETSPING_METRICS_PORT: '70000',
    LETSPING_PUBLIC_URL: 'approvals s3cret',
    LETSPING_TASK_QUEUE: '',
    LETSPING_STATUS_HOLD_MS: '99999',
    LETSPING_DRAIN_MS: '-1',
    LETSPING_PAYLOAD_CODEC: 's3cret.mjs',
    LOG_LEVEL: 's3cret',
  });
  expect(found.map((line) => line.split(' ')[0])).toEqual([
    'DATABASE_URL',
    'LETSPING_ROOT_KEY',
    'LETSPING_DRAIN_MS',
    'LETSPING_METRICS_PORT',
    'LETSPING_PORT',
    'LETSPING_PUBLIC_URL',
    'LETSPING_TASK_QUEUE',
    'LETSPING_STATUS_HOLD_MS',
    'LETSPING_PAYLOAD_CODEC',
    'LOG_LEVEL',
  ]);
  for (const line of found) expect(line).toMatch(/for example/);
  expect(found.join()).not.toContain('s3cret');
});

test('a secret may be a file; both variables, an empty file and an unreadable one are refused, once each', () => {
  const config = loadConfig({
    DATABASE_URL_FILE: file('url', `${GOOD.DATABASE_URL}\n`),
    LETSPING_ROOT_KEY_FILE: file('key', `${ROOT}\n`),
  });
  expect(config).toMatchObject({ database_url: GOOD.DATABASE_URL, root_key: ROOT });
  expect(problems({ ...GOOD, LETSPING_ROOT_KEY_FILE: join(dir, 'key') })).toEqual([
    'LETSPING_ROOT_KEY and LETSPING_ROOT_KEY_FILE are both set: keep one of them',
  ]);
  expect(problems({ DATABASE_URL: GOOD.DATABASE_URL, LETSPING_ROOT_KEY_FILE: join(dir, 'none') })).toEqual([
    expect.stringMatching(/^LETSPING_ROOT_KEY_FILE names .*ENOENT/),
  ]);
  expect(problems({ ...GOOD, DATABASE_URL: '', DATABASE_URL_FILE: file('empty', '\n') })).toContainEqual(
    expect.stringMatching(/DATABASE_URL_FILE names .* which is empty/),
  );
});

test('the drain time is 0 on loopback and 5 s elsewhere, unless it is set', () => {
  expect(loadConfig(GOOD).drain_ms).toBe(0);
  expect(loadConfig({ ...GOOD, LETSPING_HOST: '::1' }).drain_ms).toBe(0);
  expect(loadConfig({ ...GOOD, LETSPING_HOST: '0.0.0.0' }).drain_ms).toBe(5_000);
  expect(loadConfig({ ...GOOD, LETSPING_HOST: '0.0.0.0', LETSPING_DRAIN_MS: '100' }).drain_ms).toBe(100);
});
