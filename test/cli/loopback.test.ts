import { expect, test } from 'vitest';
import { assertLoopback } from '../../cli/services/loopback.ts';

test.each([
  'postgres://u:secret@127.0.0.1:5432/db',
  'postgresql://localhost/db',
  'postgres://[::1]:5432/db',
  'postgres:///db?host=/var/run/postgresql',
  '127.0.0.1:7233',
  'localhost:7233',
  '[::1]:7233',
])('%s is on this machine', (target) => {
  expect(() => assertLoopback(target, {})).not.toThrow();
});

test.each([
  'postgres://u:secret@db.example.com/db',
  'postgres://u:secret@localhost.example.com/db',
  'postgres://u:secret@127.0.0.1/db?host=db.example.com',
  'postgres://u:secret@0.0.0.0/db',
  'postgres://u:secret@127.0.0.1,db.example.com/db',
  'ns.tmprl.cloud:7233',
  'dns:///temporal.example.com:7233',
  '10.0.0.4:7233',
])('%s is refused, and its password is not printed', (target) => {
  let message = '';
  try {
    assertLoopback(target, {});
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toMatch(/not this machine/);
  expect(message).not.toContain('secret');
});

test('LETSPING_ALLOW_REMOTE=1 disables the refusal', () => {
  expect(() => assertLoopback('db.example.com:7233', { LETSPING_ALLOW_REMOTE: '1' })).not.toThrow();
});
