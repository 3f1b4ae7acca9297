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
const { open, send, signIn } = visitorOf(() => system);

describe('a held request', () => {
  test('is shown as text: no markup, no hidden characters', async () => {
    const cookie = await signIn();
    const evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>';
    const bidi = 'invoice\u202Efdp.exe\u200B\u0007';
    const { id } = await open(
      { [evil]: evil, nested: { name: bidi } },
      { action: `pay${evil}`, context: { thread_id: evil, node: bidi } },
    );
    const page = await send(`/requests/${id}`, { cookie });
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/<script>|<img src=x|[\u202E\u200B\u0007]/);
    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page.text).toContain('invoice<span class="unseen">U+202E</span>fdp.exe<span class="unseen">U+200B</span>');
    expect(page.text).toContain('invoice\\u202efdp.exe\\u200b'); // in the text field
    expect((await send('/', { cookie })).text).not.toMatch(/<script>|<img src=x/);
  });

  test('has a strict content policy, and no inline script or style', async () => {
    const { id } = await open({ n: 1 });
    const page = await send(`/requests/${id}`, { cookie: await signIn() });
    const csp = page.headers.get('content-security-policy');
    for (const directive of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ])
      expect(csp).toContain(directive);
    expect(csp).not.toContain('unsafe');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.text).not.toMatch(/ style=| on\w+=|<style|<script(?! type="module" src="\/assets\/)/);
    expect([...page.text.matchAll(/(?:src|href|action)="([^"]*)"/g)].every(([, url]) => /^[/#](?!\/)/.test(url!))).toBe(
      true,
    );
  });

  test('shows why it was held, with the value at the place of each finding', async () => {
    const { id, payload_digest } = await open({ url: 'http://169.254.169.254/latest/meta-data' });
    const { text } = await send(`/requests/${id}`, { cookie: await signIn() });
    expect(text).toContain('egress/');
    expect(text).toContain('<code>/url</code>');
    expect(text).toMatch(
      /<mark class="(?:high|critical)"[^>]*><span class="json-string">&quot;http:\/\/169\.254\.169\.254/,
    );
    expect(text).toContain(payload_digest);
    expect(text).toContain('dev-agent requested');
    const quiet = await open({ n: 1 });
    expect((await send(`/requests/${quiet.id}`, { cookie: await signIn() })).text).toContain('Held by policy');
  });

  test('with a large payload is shown in full, and decided', async () => {
    const cookie = await signIn();
    const { id, payload_digest } = await open({ rows: Array(3_000).fill('row'), last: '<b>\u202E' });
    const { status, text } = await send(`/requests/${id}`, { cookie });
    expect([status, text.match(/json-string">&quot;row&quot;/g)!.length]).toEqual([200, 3_000]);
    expect(text).toContain('&lt;b&gt;<span class="unseen">U+202E</span>');
    expect(text).toContain('Approve exactly this');
    const preview = await send(`/requests/${id}/preview`, {
      cookie,
      fields: { payload_digest, patched_payload: '{"last":"other"}' },
    });
    expect(preview.text).toContain('rows: removed');
  });

  test('whose page is too large is not shown, and cannot be approved there', async () => {
    const cookie = await signIn();
    const { id, payload_digest } = await open({ text: "'".repeat(4_000_000) });
    const { status, text } = await send(`/requests/${id}`, { cookie });
    expect(status).toBe(200);
    expect(text).toContain('could not be shown exactly');
    expect(text).toContain(payload_digest);
    expect(text).not.toMatch(/value="(?:approve|patch)"|Approve/);
    const reject = { type: 'reject', payload_digest, reason: 'unreadable' };
    expect(await send(`/requests/${id}/decision`, { cookie, fields: reject })).toMatchObject({ status: 303 });
    expect((await send(`/requests/${id}`, { cookie })).text).toContain('Rejected by ana');
  });

  test('is not found under an invalid id', async () => {
    const cookie = await signIn();
    for (const id of [newId('req'), 'x', '%00']) {
      const answer = await send(`/requests/${id}`, { cookie });
      expect(answer.status).toBe(404);
      expect(answer.text).toContain('There is no such approval request.');
    }
  });
});

describe('the inbox', () => {
  test('lists pending requests, newest first, in pages; and says if there are none', async () => {
    const other = await createSystem();
    const previous = system;
    system = other;
    try {
      const cookie = await signIn();
      expect((await send('/', { cookie })).text).toContain('No request is pending.');
      const ids: string[] = [];
      for (let i = 0; i < 52; i++) ids.push((await open({ i })).id);
      const first = await send('/', { cookie });
      const listed = (text: string) => [...text.matchAll(/href="\/requests\/(req_\w+)"/g)].map(([, id]) => id);
      expect(listed(first.text)).toEqual(ids.toReversed().slice(0, 50));
      const next = /rel="next" href="([^"]+)"/.exec(first.text)![1]!;
      expect(listed((await send(next, { cookie })).text)).toEqual(ids.toReversed().slice(50));
      expect(await send('/?cursor=junk', { cookie })).toMatchObject({ status: 400 });
    } finally {
      system = previous;
      await other.stop();
    }
  });
});

describe('assets', () => {
  test('have their content types, are cached per version, and give no access to other files', async () => {
    const { text } = await send('/login');
    const style = /href="(\/assets\/[^"]+style\.css)"/.exec(text)![1]!;
    const answer = await send(style);
    expect(answer.headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.text).not.toMatch(/url\(|@import/);
    expect((await send('/assets/old/style.css')).headers.get('cache-control')).toBe('no-cache');
    const script = await send(style.replace('style.css', 'domain/diff.js'));
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    for (const path of ['api/main.js', 'domain/../api/main.js', '..%2fpackage.json', '__proto__', 'constructor']) {
      expect(await send(style.replace('style.css', path))).toMatchObject({ status: 404 });
    }
  });

  test('include every module that the script imports', async () => {
    const base = 'http://page/assets/x/';
    const served = new Set([`${base}api/page/browser/page.js`]);
    for (const url of served) {
      const { status, text } = await send(new URL(url).pathname);
      expect({ url, status }).toEqual({ url, status: 200 });
      for (const [, path] of text.matchAll(/\bfrom '(\.[^']+)'/g)) served.add(new URL(path!, url).href);
    }
    expect(served.size).toBeGreaterThan(4);
  });
});
