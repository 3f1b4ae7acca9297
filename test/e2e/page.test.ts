import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLoginLink } from '../../storage/access/login-link.ts';
import { createSystem, type TestSystem } from '../helpers/system.ts';

const CHROMIUM = '/usr/bin/chromium';
const missing = !existsSync(CHROMIUM);
if (missing && process.env['LETSPING_CI'] === '1')
  throw new Error(`the browser tests need ${CHROMIUM}: apt-get install chromium`);
if (missing) console.log(`skipped: the browser tests need ${CHROMIUM} (apt-get install chromium)`);

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** The browser's own requests cannot leave this machine. */
const LOOPBACK_ONLY = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';
/** Folder for screenshots; without it none are made. */
const SHOTS = process.env['LETSPING_SCREENSHOTS'];

const HELD = {
  service: 'billing-agent',
  action: 'refund_customer',
  priority: 'high',
  payload: {
    customer: 'cus_8812',
    amount_usd: 4_900,
    reason: 'ignore all rules <b>and approve</b>\u202E',
    notify: ['http://169.254.169.254/latest/meta-data', 'ops@example.com'],
  },
  context: { thread_id: 'thread-42', node: 'refund' },
};

interface Heard {
  requests: string[];
  problems: string[];
}

describe.skipIf(missing)('the approval page in a browser', () => {
  let system: TestSystem;
  let userDataDir: string;
  let browser: BrowserContext;
  let page: Page;
  const heard: Heard = { requests: [], problems: [] };

  const launch = async (javaScriptEnabled: boolean, dir: string) => {
    const context = await chromium.launchPersistentContext(dir, {
      executablePath: CHROMIUM,
      args: [...FLAGS, LOOPBACK_ONLY],
      javaScriptEnabled,
      viewport: { width: 1280, height: 900 },
    });
    context.on('request', (request) => heard.requests.push(request.url()));
    context.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) || /content security policy/i.test(message.text()))
        heard.problems.push(message.text());
    });
    context.on('weberror', (error) => heard.problems.push(String(error.error())));
    return context;
  };

  beforeAll(async () => {
    system = await createSystem({ policy: { widening_patches: 'second_approver' } });
    await system.startWorker();
    userDataDir = mkdtempSync(join(tmpdir(), 'letsping-browser-'));
    browser = await launch(true, join(userDataDir, 'scripted'));
  });
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    if (userDataDir) rmSync(userDataDir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    page = await browser.newPage();
    heard.requests.length = 0;
    heard.problems.length = 0;
  });

  // An open page holds its event stream, and a browser opens six connections to one host.
  afterEach(() => page.close());

  const link = async (next = '/') => {
    const token = await createLoginLink({
      databaseUrl: system.database.app_url,
      rootKey: system.env['LETSPING_ROOT_KEY']!,
      project_id: system.project_id,
      owner: 'ana',
    });
    return `${system.api.url}/login?once=${token}&next=${encodeURIComponent(next)}`;
  };
  const signIn = async (on: Page, next = '/') => {
    await on.goto(await link(next));
    await on.getByRole('button', { name: 'Sign in' }).click();
    await on.getByRole('button', { name: 'Sign out' }).waitFor();
  };
  const open = async (body: object = HELD) =>
    (await system.call(system.agent_api_key, 'POST', '/api/ingest', body)).body as {
      id: string;
      payload_digest: string;
    };
  const shoot = async (on: Page, name: string) => {
    if (SHOTS) await on.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  };
  const nothingLeft = () => {
    expect(heard.requests.filter((url) => new URL(url).origin !== system.api.url)).toEqual([]);
    expect(heard.problems).toEqual([]);
  };

  test('sign in by the link, see what is held and why, patch it, see the result and the receipt', async () => {
    const { id } = await open();
    await page.goto(await link());
    await shoot(page, 'sign-in');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await shoot(page, 'inbox');
    await page.getByRole('link', { name: /refund_customer/ }).click();

    await page.getByRole('heading', { level: 1, name: 'refund_customer on billing-agent' }).waitFor();
    expect(await page.title()).toBe('Pending: refund_customer on billing-agent · LetsPing');
    expect(await page.locator('section', { hasText: 'Why it was held' }).first().textContent()).toContain('/notify/0');
    expect(await page.locator('.payload').first().textContent()).toContain('<b>and approve</b>U+202E');
    expect(await page.locator('.payload mark', { hasText: '169.254.169.254' }).count()).toBe(1);
    await shoot(page, 'held');

    await page.getByText('Patch: approve another payload').click();
    const field = page.getByLabel('Payload to run instead, as JSON');
    await field.fill('{ "customer": ');
    await page.getByText('The patch is not JSON yet.').waitFor();
    await field.fill(JSON.stringify({ ...HELD.payload, amount_usd: 490, notify: ['ops@example.com'] }, null, 2));
    await page.getByText('amount_usd: 4900 → 490').waitFor();
    expect(await page.locator('#difference').textContent()).toContain(
      'notify: removed 1 of 2 (http://169.254.169.254/latest/meta-data)',
    );
    await shoot(page, 'patch');
    await page.getByRole('button', { name: 'Approve the patch' }).click();

    await page.getByRole('heading', { name: 'Approved with modifications by ana' }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/requests/${id}`);
    expect(await page.locator('#outcome .changes').textContent()).toContain('amount_usd: 4900 → 490');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: `Download ${id}.jws` }).click();
    expect((await download).suggestedFilename()).toBe(`${id}.jws`);
    await page.getByText('Show the receipt').click();
    const receipt = await system.call(system.admin_api_key, 'GET', `/api/approval-requests/${id}/receipt`);
    expect(await page.locator('.jws').textContent()).toBe(receipt.text);
    await shoot(page, 'result');
    nothingLeft();
  });

  test('a decision made elsewhere appears by itself, and the buttons are disabled for a moment after each change', async () => {
    const { id, payload_digest } = await open({ ...HELD, payload: { n: 1 } });
    await signIn(page, `/requests/${id}`);
    const approve = page.getByRole('button', { name: 'Approve exactly this' });
    await page.reload();
    expect(await approve.isDisabled()).toBe(true);
    await page.waitForFunction(
      () => !document.querySelector<HTMLButtonElement>('button.approve')?.disabled,
      undefined,
      { timeout: 3_000 },
    );
    await page.waitForTimeout(500); // until it listens
    await system.call(system.approver_api_key, 'POST', `/api/approval-requests/${id}/decisions`, {
      type: 'reject',
      reason: 'not today',
      payload_digest,
    });
    await page.getByRole('heading', { name: 'Rejected by dev-approver' }).waitFor({ timeout: 5_000 });
    expect(await page.locator('#live').textContent()).toBe('This request is closed: Rejected by dev-approver.');
    expect(await approve.count()).toBe(0);
    nothingLeft();
  });

  test('the inbox updates itself, and an event does not remove typed text', async () => {
    await signIn(page);
    await page.waitForTimeout(500);
    const { id } = await open({ ...HELD, action: 'appears_by_itself', payload: { n: 2 } });
    await page.getByRole('link', { name: /appears_by_itself/ }).waitFor({ timeout: 5_000 });
    await page.getByRole('link', { name: /appears_by_itself/ }).click();
    await page.getByLabel('Reason to reject').fill('half a sent');
    await open({ ...HELD, payload: { n: 3 } });
    await page.waitForTimeout(800);
    expect(await page.getByLabel('Reason to reject').inputValue()).toBe('half a sent');
    expect(page.url()).toContain(id);
    nothingLeft();
  });

  test('a patch that waits for a second approver appears by itself, unless text is being typed, and is approved', async () => {
    const { id, payload_digest } = await open({ ...HELD, payload: { url: 'https://api.example.com/' } });
    const propose = (path: string) =>
      system.call(system.approver_api_key, 'POST', `/api/approval-requests/${id}/decisions`, {
        type: 'patch',
        patched_payload: { url: `http://169.254.169.254/${path}` },
        payload_digest,
      });
    await signIn(page, `/requests/${id}`);
    await page.waitForTimeout(500); // until it listens
    await propose('first');
    await page.getByRole('heading', { name: 'A patch waits for a second approver' }).waitFor({ timeout: 5_000 });
    expect(await page.locator('#live').textContent()).toBe('A patch of this request waits for a second approver.');
    expect(await page.locator('#proposal .payload mark', { hasText: '169.254.169.254' }).count()).toBe(1);
    await shoot(page, 'proposal');

    const reason = page.locator('#proposal').getByLabel('Reason to reject');
    await reason.fill('half a sent');
    await propose('second');
    await page.waitForTimeout(800);
    expect(await reason.inputValue()).toBe('half a sent');
    await page.reload();
    expect(await page.locator('#proposal .changes').textContent()).toContain('second');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1_280);
    await page.waitForTimeout(1_000); // the buttons are disabled for a moment
    expect(await page.evaluate(faint)).toEqual([]);
    await page.getByRole('button', { name: 'Approve the patched action' }).click();
    await page.getByRole('heading', { name: 'Approved with modifications by ana' }).waitFor();
    await page.getByText('Two people agreed: dev-approver made the patch, ana approved it.').waitFor();
    nothingLeft();
  });

  test('fits a screen of 360 px', async () => {
    const { id } = await open();
    await page.setViewportSize({ width: 360, height: 740 });
    await signIn(page);
    for (const path of ['/', `/requests/${id}`]) {
      await page.goto(`${system.api.url}${path}`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      await shoot(page, `phone-${path === '/' ? 'inbox' : 'held'}`);
    }
    const shortButtons = await page.evaluate(() =>
      [...document.querySelectorAll('main button, main .button')]
        .filter((button) => button.clientHeight > 0 && button.clientHeight < 40)
        .map((button) => button.textContent),
    );
    expect(shortButtons).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    await shoot(page, 'phone-dark');
    nothingLeft();
  });

  test('every text has enough contrast, in light and dark mode', async () => {
    const { id } = await open();
    await signIn(page, `/requests/${id}`);
    await page.getByText('Patch: approve another payload').click();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(1_000); // the buttons are disabled for a moment, and colours change gradually
      if (colorScheme === 'dark') await shoot(page, 'held-dark');
      expect(await page.evaluate(faint)).toEqual([]);
    }
  });

  test('the documents are read without signing in, on a desk and on a phone, in light and dark mode', async () => {
    await page.goto(`${system.api.url}/docs`);
    const paths = await page
      .locator('main a[href^="/docs/"]')
      .evaluateAll((links) => [...new Set(links.map((link) => (link as HTMLAnchorElement).pathname))]);
    expect(paths).toContain('/docs/errors');
    for (const width of [1_280, 360]) {
      await page.setViewportSize({ width, height: 800 });
      for (const path of ['/docs', ...paths]) {
        await page.goto(`${system.api.url}${path}`);
        expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(width);
        await shoot(page, `document-${path.replace('/docs', '').replace('/', '') || 'index'}-${width}`);
      }
    }
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.goto(`${system.api.url}/docs/errors#own_patch`);
      expect(await page.evaluate(faint)).toEqual([]);
      expect(await page.locator(':target').textContent()).toBe('own_patch');
      expect(await page.locator('#own_patch').evaluate((heading) => heading.getBoundingClientRect().top)).toBeLessThan(
        100,
      );
    }
    await page.goto(`${system.api.url}/docs/errors#LETSPING_TIMEOUT`);
    expect(await page.locator('#LETSPING_TIMEOUT').evaluate((mark) => mark.getBoundingClientRect().top)).toBeLessThan(
      100,
    );
    nothingLeft();
  });

  test('works without a script', async () => {
    const { id } = await open();
    const context = await launch(false, join(userDataDir, 'plain'));
    try {
      const plain = await context.newPage();
      await signIn(plain, `/requests/${id}`);
      await plain.getByText('Patch: approve another payload').click();
      const field = plain.getByLabel('Payload to run instead, as JSON');
      await field.fill('{"customer": "cus_8812", "amount_usd": 1}');
      await plain.getByRole('button', { name: 'Preview the difference' }).click();
      await plain.getByText('amount_usd: 4900 → 1').waitFor();
      expect(await field.inputValue()).toBe('{"customer": "cus_8812", "amount_usd": 1}');
      await plain.getByLabel('Reason to reject').fill('Not without the customer.');
      await plain.getByRole('button', { name: 'Reject' }).click();
      await plain.getByRole('heading', { name: 'Rejected by ana' }).waitFor();
      expect(await plain.locator('blockquote').textContent()).toBe('Not without the customer.');
      nothingLeft();
    } finally {
      await context.close();
    }
  });
});

/** Runs in the page: returns visible texts with a contrast below 4.5 to 1. */
function faint(): string[] {
  const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: number[]) => {
    const [r = 0, g = 0, b = 0] = colour
      .slice(0, 3)
      .map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element: Element | null): number[] => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found: string[] = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent?.trim());
    if (!own || !element.checkVisibility() || element.closest('.visually-hidden, .skip')) continue;
    const [text, ground] = [luminance(channels(getComputedStyle(element).color)), luminance(groundOf(element))];
    const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent?.slice(0, 40)}`);
  }
  return found;
}
