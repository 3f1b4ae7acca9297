import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiBaseOf, clientSettings } from '../../client/base-url.ts';

describe('base URL', () => {
  test.each([
    ['http://127.0.0.1:4400', 'http://127.0.0.1:4400/api'],
    ['http://127.0.0.1:4400/', 'http://127.0.0.1:4400/api'],
    ['http://127.0.0.1:4400/api', 'http://127.0.0.1:4400/api'],
    ['http://127.0.0.1:4400/api///', 'http://127.0.0.1:4400/api'],
    ['http://127.0.0.1:4400//api', 'http://127.0.0.1:4400/api'],
    ['https://approvals.example/team', 'https://approvals.example/team/api'],
    ['https://approvals.example/team/api/', 'https://approvals.example/team/api'],
    ['http://[::1]:4400', 'http://[::1]:4400/api'],
  ])('%s is %s', (given, base) => {
    expect(apiBaseOf(given)).toBe(base);
  });

  test.each(['127.0.0.1:4400', 'ftp://host', 'http://user:secret@host', 'http://host/?a=1', ''])(
    '%j is refused, and the message does not repeat it',
    (given) => {
      expect(() => apiBaseOf(given)).toThrow(
        expect.objectContaining({ code: 'LETSPING_CONFIG', message: expect.not.stringContaining('secret') }),
      );
    },
  );
});

describe('settings', () => {
  const saved = { ...process.env };
  beforeEach(() => {
    delete process.env['LETSPING_API_KEY'];
    delete process.env['LETSPING_BASE_URL'];
  });
  afterEach(() => {
    process.env = { ...saved };
  });

  test('come from the environment unless they are passed', () => {
    Object.assign(process.env, { LETSPING_API_KEY: 'lp_test_env', LETSPING_BASE_URL: 'http://127.0.0.1:1/api/' });

    expect(clientSettings()).toMatchObject({ apiKey: 'lp_test_env', apiBase: 'http://127.0.0.1:1/api' });
    expect(clientSettings('lp_test_mine', 'http://127.0.0.1:2')).toMatchObject({
      apiKey: 'lp_test_mine',
      apiBase: 'http://127.0.0.1:2/api',
    });
  });

  test('have no default: the error names everything missing', () => {
    expect(() => clientSettings()).toThrow(/LETSPING_API_KEY.*baseUrl.*LETSPING_BASE_URL/);
    expect(() => clientSettings('lp_test_mine')).toThrow(
      /^LetsPing needs the server's address \(the option baseUrl, or LETSPING_BASE_URL\)$/,
    );
  });
});
