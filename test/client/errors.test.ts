import { describe, expect, test } from 'vitest';
import { LetsPingError } from '../../client/index.ts';
import { publishedCode } from '../../contracts/error-codes.ts';

const refusal = (problem: Record<string, unknown>) =>
  new LetsPingError('LETSPING_409', 'refused', { status: 409, problem });

describe('the server’s own code of a refusal', () => {
  test.each([
    ['http://127.0.0.1:4400/docs/errors#not_pending'],
    ['https://approvals.example.com/docs/errors#not_pending'],
    ['urn:letsping-temporal:problem:not_pending'],
    ['https://docs.example.com/errors/not_pending'],
  ])('is the last segment of %s', (type) => {
    expect(refusal({ code: 'LETSPING_409', type }).problemCode).toBe('not_pending');
  });

  test('is `code` on the other routes', () => {
    expect(refusal({ code: 'executed_already', type: 'about:blank' }).problemCode).toBe('executed_already');
  });

  test.each([
    [{}],
    [{ code: 'LETSPING_409' }],
    [{ code: 'LETSPING_409', type: 'about:blank' }],
    [{ code: 'LETSPING_409', type: 'https://proxy.example.com/' }],
    [{ code: 409, type: 409 }],
  ])('is absent from %j, as a proxy may answer', (problem) => {
    expect(refusal(problem).problemCode).toBeUndefined();
  });
});

test('the page about a refusal is its type, when that is an address', () => {
  const type = 'https://approvals.example.com/docs/errors#not_pending';
  expect(refusal({ type }).docs).toBe(type);
  for (const other of ['urn:letsping-temporal:problem:not_pending', 'about:blank', 'httpx', 7, undefined])
    expect(refusal({ type: other }).docs).toBeUndefined();
});

test('a published code follows the status', () => {
  expect([401, 402, 403, 404, 408, 429, 500, 503, 409].map(publishedCode)).toEqual([
    'LETSPING_401_AUTH',
    'LETSPING_402_QUOTA',
    'LETSPING_403_FORBIDDEN',
    'LETSPING_404_NOT_FOUND',
    'LETSPING_TIMEOUT',
    'LETSPING_429_RATE_LIMIT',
    'LETSPING_NETWORK',
    'LETSPING_NETWORK',
    'LETSPING_409',
  ]);
});
