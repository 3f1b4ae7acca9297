import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../crypto/ids.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';
import { visitorOf } from '../helpers/visitor.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await createSystem();
  await system.startWorker();
});
afterAll(() => system.stop());
const { loginLink, open, send, signIn, opened } = visitorOf(() => system);

describe('forms', () => {
  test.each([
    ['no origin', null, 'it has no Origin header'],
    ['another site', 'https://evil.test', 'comes from another address'],
    ['an opaque origin', 'null', 'comes from another address'],
  ])('from %s are refused', async (_name, origin, sentence) => {
    const { id, payload_digest } = await open({ n: 1 });
    const cookie = await signIn();
    const link = await opened(await loginLink());
    for (const [path, fields] of [
      ['/login', link.fields],
      ['/logout', {}],
      [`/requests/${id}/decision`, { type: 'approve', payload_digest }],
      [`/requests/${id}/preview`, { patched_payload: '{}' }],
    ] as [string, Record<string, string>][]) {
      const answer = await send(path, { cookie: `${cookie}; ${link.cookie}`, origin, fields });
      expect(answer).toMatchObject({ status: 403, cookie: undefined });
      expect(answer.text).toContain(sentence);
    }
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body.status).toBe('PENDING');
    expect(await send('/login', link)).toMatchObject({ status: 303 }); // the link was not used up
  });

  test('that are too large are refused with a sentence', async () => {
    const { id, payload_digest } = await open({ n: 1 });
    const answer = await send(`/requests/${id}/decision`, {
      cookie: await signIn(),
      fields: { type: 'patch', payload_digest, patched_payload: 'x'.repeat(300_000) },
    });
    expect(answer.status).toBe(413);
    expect(answer.text).toContain('too large');
  });
});

describe('a held request', () => {
  test('is approved once by a form; a later decision gets the resolution', async () => {
    const { id, payload_digest } = await open({ n: 1 });
    const [ana, bo] = [await signIn('ana'), await signIn('bo')];
    const decided = await send(`/requests/${id}/decision`, {
      cookie: ana,
      fields: { type: 'approve', payload_digest },
    });
    expect(decided).toMatchObject({ status: 303, location: `/requests/${id}#outcome` });
    const { text } = await send(`/requests/${id}`, { cookie: ana });
    expect(text).toContain('Approved by ana');
    expect(text).toContain(`letsping verify ${id}.jws --keys jwks.json`);
    const receipt = await system.call(system.admin_api_key, 'GET', `/api/approval-requests/${id}/receipt`);
    expect(text).toContain(receipt.text);
    expect(text).not.toContain('data-decide');
    const late = await send(`/requests/${id}/decision`, {
      cookie: bo,
      fields: { type: 'reject', reason: 'no', payload_digest },
    });
    expect(late.status).toBe(409);
    expect(late.text).toMatch(/This request is already approved \(by ana, \d{4}-/);
  });

  test('is rejected only with a reason', async () => {
    const { id, payload_digest } = await open({ n: 1 });
    const cookie = await signIn();
    const without = await send(`/requests/${id}/decision`, {
      cookie,
      fields: { type: 'reject', reason: '  ', payload_digest },
    });
    expect(without.status).toBe(400);
    expect(without.text).toContain('A rejection needs a reason');
    await send(`/requests/${id}/decision`, {
      cookie,
      fields: { type: 'reject', reason: 'wrong <b>customer</b>\r\nask again', payload_digest },
    });
    const { text } = await send(`/requests/${id}`, { cookie });
    expect(text).toContain('Rejected by ana');
    expect(text).toContain('<blockquote>wrong &lt;b&gt;customer&lt;/b&gt;\nask again</blockquote>');
  });

  test('is not decided with the digest of another payload', async () => {
    const { id } = await open({ n: 1 });
    const answer = await send(`/requests/${id}/decision`, {
      cookie: await signIn(),
      fields: { type: 'approve', payload_digest: `sha256:${'0'.repeat(64)}` },
    });
    expect(answer.status).toBe(412);
    expect(answer.text).toContain('The payload is not the one that was shown.');
  });

  test('is not decided by its requester', async () => {
    const { id, payload_digest } = await open({ n: 1 });
    const cookie = await signIn('dev-agent');
    expect((await send(`/requests/${id}`, { cookie })).text).not.toContain('data-decide');
    const answer = await send(`/requests/${id}/decision`, { cookie, fields: { type: 'approve', payload_digest } });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('You requested this yourself');
  });
});

describe('a patch', () => {
  test('is previewed as sentences without a script, and the typed text is kept', async () => {
    const { id, payload_digest } = await open({ amount: 500, to: 'ana' });
    const { status, text } = await send(`/requests/${id}/preview`, {
      cookie: await signIn(),
      fields: { payload_digest, patched_payload: '{"amount": 200, "to": "ana"}' },
    });
    expect(status).toBe(200);
    expect(text).toContain('<li>amount: 500 → 200</li>');
    expect(text).toContain('{&quot;amount&quot;: 200, &quot;to&quot;: &quot;ana&quot;}</textarea>');
  });

  test.each([
    ['{"amount": 1, "amount": 2}', 'The patch names one key twice.'],
    ['{"amount": ', 'The patch is not JSON.'],
    ['[1]', 'The patch must be a JSON object.'],
    ['{"__proto__": {}}', 'prototype'],
    ['{"amount": 500}', 'The patch changes nothing'],
    ['{}', 'An empty patch is refused'],
  ])('%s is refused in place', async (patched_payload, sentence) => {
    const { id, payload_digest } = await open({ amount: 500 });
    const { status, text } = await send(`/requests/${id}/decision`, {
      cookie: await signIn(),
      fields: { type: 'patch', payload_digest, patched_payload },
    });
    expect([400, 422]).toContain(status);
    expect(text).toContain(sentence);
    expect(text).toContain(`${patched_payload.replaceAll('"', '&quot;')}</textarea>`);
    expect(text).toContain('data-decide');
  });

  test('that the firewall refuses is shown with its findings; the request stays open and the text is kept', async () => {
    const { id, payload_digest } = await open({ url: 'https://api.example.com/v1' });
    const patched_payload = '{"url": "http://169.254.169.254/latest/meta-data"}';
    const { status, text } = await send(`/requests/${id}/decision`, {
      cookie: await signIn(),
      fields: { type: 'patch', payload_digest, patched_payload },
    });
    expect(status).toBe(422);
    expect(text).toContain('The firewall refuses the patched payload. The request is still open.');
    expect(text).toContain('egress/');
    expect(text).toContain('169.254.169.254/latest/meta-data&quot;}</textarea>');
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body.status).toBe('PENDING');
  });

  test('runs, and is shown with the difference', async () => {
    const { id, payload_digest } = await open({ amount: 500, to: 'ana' });
    const cookie = await signIn();
    const decided = await send(`/requests/${id}/decision`, {
      cookie,
      fields: { type: 'patch', payload_digest, patched_payload: '{"amount": 200, "to": "ana"}' },
    });
    expect(decided.status).toBe(303);
    const { text } = await send(`/requests/${id}`, { cookie });
    expect(text).toContain('Approved with modifications by ana');
    expect(text).toContain('<li>amount: 500 → 200</li>');
    expect(text).toContain('What runs instead');
    expect((await system.call(system.agent_api_key, 'GET', `/api/status/${id}`)).body.patched_payload).toEqual({
      amount: 200,
      to: 'ana',
    });
  });
});

describe('when a service is down', () => {
  const elsewhere = async (options: Parameters<typeof createSystem>[0], work: () => Promise<void>) => {
    const [previous, other] = [system, await createSystem(options)];
    system = other;
    try {
      await work();
    } finally {
      system = previous;
      await other.stop();
    }
  };

  test('without Temporal nothing is decided, and the page says so', () =>
    elsewhere({ env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } }, async () => {
      const { id, payload_digest } = await open({ n: 1 });
      const answer = await send(`/requests/${id}/decision`, {
        cookie: await signIn(),
        fields: { type: 'reject', reason: 'kept for you', payload_digest },
      });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('2');
      expect(answer.text).toContain(
        'Temporal does not answer; nothing is decided so far. Send the same decision again.',
      );
      expect(answer.text).toContain('kept for you</textarea>');
    }));

  test('without a worker the decision is recorded, and the page says that it is not yet effective', () =>
    elsewhere({}, async () => {
      const { id, payload_digest } = await open({ n: 1 });
      const cookie = await signIn();
      const answer = await send(`/requests/${id}/decision`, { cookie, fields: { type: 'approve', payload_digest } });
      expect(answer).toMatchObject({
        status: 303,
        location: expect.stringMatching(new RegExp(`^/requests/${id}\\?recorded=dec_\\w+$`)),
      });
      const sentence = 'Your decision is recorded, but not yet effective.';
      expect((await send(answer.location!, { cookie })).text).toContain(sentence);
      expect((await send(answer.location!, { cookie: await signIn('bo') })).text).not.toContain(sentence);
      expect((await send(`/requests/${id}?recorded=${newId('dec')}`, { cookie })).text).not.toContain(sentence);
    }));
});
