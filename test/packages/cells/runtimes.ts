import { existsSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { EdgeRuntime } from 'edge-runtime';
import { chromium } from 'playwright-core';
import { build, type Rollup } from 'vite';
import type { Cell } from '../cell.ts';
import type { Lab } from '../lab.ts';
import { sharedDev } from '../local-system.ts';
import { consumerProject, copyConsumer } from '../project.ts';
import { checkApproval } from '../scenario.ts';

const CHROMIUM = '/usr/bin/chromium';
const CLIENT = 'letsping-temporal-client';

/** Bundles a consumer of the installed client to one file, as an application would. @throws Error if it has anything of Node. */
async function bundled(lab: Lab, entry: string): Promise<string> {
  const { folder } = await consumerProject(lab, CLIENT);
  const app = join(folder, 'app');
  for (const consumer of ['approval', entry]) await copyConsumer(consumer, CLIENT, app);
  const nodeOnly: string[] = [];
  const output = await build({
    root: app,
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'node-only-imports',
        enforce: 'pre',
        resolveId(source, importer) {
          if (source.startsWith('node:') || builtinModules.includes(source)) nodeOnly.push(`${importer}: ${source}`);
          return null;
        },
      },
    ],
    build: {
      write: false,
      minify: true,
      lib: { entry: join(app, `${entry}.ts`), formats: ['iife'], name: 'approval' },
    },
  });
  const [{ output: chunks }] = (Array.isArray(output) ? output : [output]) as [Rollup.RollupOutput];
  const { code } = chunks[0];
  if (chunks.length !== 1) throw new Error(`${chunks.length} files instead of one`);
  if (nodeOnly.length > 0 || /\bnode:[a-z]|\brequire\(/.test(code))
    throw new Error(`needs Node: ${nodeOnly.join(', ')}`);
  return code;
}

const sizes = (code: string) =>
  `one file, ${(Buffer.byteLength(code) / 1_000).toFixed(1)} kB, ${(gzipSync(code).length / 1_000).toFixed(1)} kB gzip`;

/** Lines of JSON from a stream, as they arrive. */
async function* jsonLines(body: ReadableStream<Uint8Array>): AsyncGenerator<Record<string, unknown>> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop()!;
    for (const part of parts) yield JSON.parse(part);
  }
}

const edge: Cell = {
  name: 'runtimes edge',
  versions: 'edge-runtime 4.0.1',
  async run(lab) {
    const [code, system] = await Promise.all([bundled(lab, 'approval-in-edge'), sharedDev(lab)]);
    const runtime = new EdgeRuntime({ initialCode: code });
    const answer = await runtime.dispatchFetch('http://edge.invalid/', {
      headers: { 'x-key': system.agent_api_key, 'x-address': system.api_url },
    });
    let id = '';
    for await (const line of jsonLines(answer.body as ReadableStream<Uint8Array>)) {
      if (typeof line['opened'] === 'string') {
        id = line['opened'];
        await system.approve(id);
      } else if ('error' in line) throw new Error(String(line['error']));
      else {
        await checkApproval(system, id, line);
        return `one approval; ${sizes(code)}`;
      }
    }
    throw new Error('the edge function ended without an answer');
  },
};

const browser: Cell = {
  name: 'runtimes browser',
  async run(lab) {
    if (!existsSync(CHROMIUM)) throw new Error(`needs ${CHROMIUM} (apt-get install chromium)`);
    const [code, system] = await Promise.all([bundled(lab, 'approval'), sharedDev(lab)]);
    const context = await chromium.launchPersistentContext(await lab.newFolder('browser'), {
      executablePath: CHROMIUM,
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
      bypassCSP: true, // the page's own policy admits no other script
    });
    try {
      const page = await context.newPage();
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      // The api's own origin: it answers no other one.
      await page.goto(new URL('/login', system.api_url).href);
      await page.addScriptTag({ content: `${code}; globalThis.approval = approval;` });
      await page.evaluate(
        ({ key, address }) => {
          const page = globalThis as any;
          page.found = page.approval.approvalOf((id: string) => (page.openedId = id), key, address);
        },
        { key: system.agent_api_key, address: system.api_url },
      );
      const opened = await page.waitForFunction(() => (globalThis as any).openedId as string | undefined);
      const id = String(await opened.jsonValue());
      await system.approve(id);
      const found = await page.evaluate(() => (globalThis as any).found as Promise<Record<string, unknown>>);
      if (problems.length > 0) throw new Error(problems.join('\n'));
      await checkApproval(system, id, found);
      return `one approval; ${sizes(code)}`;
    } finally {
      await context.close();
    }
  },
};

export const RUNTIMES: Cell[] = [edge, browser];
