#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { closureOf } from './corpus.ts';
import { samplesOf } from './samples.ts';

/**
 * Collects `bench/data/schemas.jsonl` from packages that bench/data/README.md names: `node dist/bench/schemas/collect.js FOLDER`, where
 * FOLDER holds `node_modules` and a Python environment `v`. It opens no connection.
 */
const folder = resolve(process.argv[2] ?? '.');
const require = createRequire(join(folder, 'package.json'));

interface Found {
  id: string;
  source: string;
  schema: object;
}

/** The tools that an MCP server names over its standard streams. */
async function toolsOf(name: string, command: string, args: string[]): Promise<Found[]> {
  const server = spawn(command, args, {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'ignore'],
    // Some refuse to start without a credential, which no one reads here.
    env: {
      PATH: process.env['PATH'],
      GITHUB_PERSONAL_ACCESS_TOKEN: 'x',
      GITLAB_PERSONAL_ACCESS_TOKEN: 'x',
      SLACK_BOT_TOKEN: 'x',
      SLACK_TEAM_ID: 'x',
      GOOGLE_MAPS_API_KEY: 'x',
      BRAVE_API_KEY: 'x',
    },
  });
  const send = (message: object) => server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const clientInfo = { name: 'letsping-bench', version: '1' };
  send({ id: 1, method: 'initialize', params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo } });
  const timer = setTimeout(() => server.kill(), 20_000);
  try {
    for await (const line of createInterface(server.stdout)) {
      if (!line.startsWith('{')) continue;
      const { id, result } = JSON.parse(line);
      if (id === 1) {
        send({ method: 'notifications/initialized' });
        send({ id: 2, method: 'tools/list' });
      }
      if (id === 2)
        return result.tools.flatMap((tool: { name: string; inputSchema: object; outputSchema?: object }) => [
          { id: `mcp/${name}/${tool.name}`, source: 'mcp', schema: tool.inputSchema },
          ...(tool.outputSchema
            ? [{ id: `mcp/${name}/${tool.name}/output`, source: 'mcp', schema: tool.outputSchema }]
            : []),
        ]);
    }
  } finally {
    clearTimeout(timer);
    server.kill();
  }
  throw new Error(`${name} did not answer`);
}

const NPM_SERVERS: [string, string[]][] = [
  ...['everything', 'memory', 'sequential-thinking', 'github', 'gitlab', 'slack', 'google-maps', 'brave-search'].map(
    (name): [string, string[]] => [name, []],
  ),
  ['filesystem', [folder]],
  ['postgres', ['postgresql://127.0.0.1:1/none']],
  ['puppeteer', []],
];

async function fromMcp(): Promise<Found[]> {
  const found: Found[] = [];
  const bin = (name: string) => join(folder, 'v/bin', `mcp-server-${name}`);
  for (const [name, args] of NPM_SERVERS) {
    const entry = join(folder, 'node_modules/@modelcontextprotocol', `server-${name}`, 'dist/index.js');
    found.push(...(await toolsOf(name, process.execPath, [entry, ...args])));
  }
  for (const name of ['git', 'fetch', 'time']) found.push(...(await toolsOf(name, bin(name), [])));
  return found;
}

/** The messages of the MCP SDK, which are zod 4 schemas, in both drafts. */
async function fromZod(): Promise<Found[]> {
  const load = (name: string) => import(pathToFileURL(require.resolve(name)).href);
  const [types, zod] = [await load('@modelcontextprotocol/sdk/types.js'), await load('zod')];
  const found: Found[] = [];
  for (const [name, type] of Object.entries(types) as [string, { _zod?: unknown }][]) {
    if (type?._zod === undefined) continue;
    for (const target of ['draft-2020-12', 'draft-7']) {
      try {
        found.push({ id: `zod/${target}/${name}`, source: 'zod', schema: zod.toJSONSchema(type, { target }) });
      } catch {
        // Some types have no JSON Schema.
      }
    }
  }
  return found;
}

const PYDANTIC = `
import inspect, json, mcp_types, pydantic
for name, model in inspect.getmembers(mcp_types, inspect.isclass):
    if issubclass(model, pydantic.BaseModel):
        print(json.dumps({"id": "pydantic/" + name, "source": "pydantic", "schema": model.model_json_schema()}))
`;

async function fromPydantic(): Promise<Found[]> {
  const python = spawn(join(folder, 'v/bin/python'), ['-c', PYDANTIC], { stdio: ['ignore', 'pipe', 'inherit'] });
  const found: Found[] = [];
  for await (const line of createInterface(python.stdout)) found.push(JSON.parse(line));
  return found;
}

type Node = Record<string, unknown>;
const NOT_KEPT = new Set(['example', 'examples', 'externalDocs', 'x-github-breaking-changes', 'deprecated']);

/** OpenAPI 3.0 as JSON Schema: `nullable` becomes a type. Examples are not kept. `inside` says that the keys are names of members. */
function asJsonSchema(value: unknown, inside = false): unknown {
  if (Array.isArray(value)) return value.map((one) => asJsonSchema(one));
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = value as Node;
  const kept = Object.entries(inside ? (value as Node) : rest).filter(([key]) => inside || !NOT_KEPT.has(key));
  const schema: Node = Object.fromEntries(kept.map(([key, one]) => [key, asJsonSchema(one, key === 'properties')]));
  if (inside || nullable !== true || typeof schema['type'] !== 'string') return schema;
  const { enum: values } = schema;
  return {
    ...schema,
    type: [schema['type'], 'null'],
    ...(Array.isArray(values) && !values.includes(null) && { enum: [...values, null] }),
  };
}

function fromGitHub(): { components: Map<string, object>; found: Found[] } {
  const file = join(folder, 'node_modules/@octokit/openapi/generated/api.github.com.json');
  const api = asJsonSchema(JSON.parse(readFileSync(file, 'utf8')), false) as {
    components: { schemas: Record<string, object> };
    paths: Record<string, Record<string, Node>>;
  };
  const components = new Map(Object.entries(api.components.schemas));
  const found: Found[] = [];
  for (const [path, methods] of Object.entries(api.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const { content } = (operation['requestBody'] ?? {}) as { content?: Record<string, { schema: object }> };
      const schema = content?.['application/json']?.schema;
      if (schema) found.push({ id: `github/${method} ${path}`, source: 'github', schema });
    }
  // Those that refer to others, so that the closure matters.
  for (const [name, schema] of components)
    if (/"\$ref"/.test(JSON.stringify(schema)) && !name.startsWith('webhook'))
      found.push({ id: `github/${name}`, source: 'github', schema });
  return { components, found };
}

const { components, found: ofGitHub } = fromGitHub();
const all = [...(await fromMcp()), ...(await fromZod()), ...(await fromPydantic()), ...ofGitHub];
const [ajv, ajv2020] = [Ajv, Ajv2020].map((Class) => new Class({ strict: false, validateFormats: false }));

const lines: string[] = [];
const kept = new Map<string, object>();
const seen = new Set<string>();
for (const { id, source, schema } of all) {
  const text = JSON.stringify(schema);
  if (seen.has(text)) continue;
  seen.add(text);
  const whole = closureOf(schema, components) as { $schema?: string; components?: { schemas: object } };
  for (const [name, component] of Object.entries(whole.components?.schemas ?? {})) kept.set(name, component);
  const engine = /2020-12/.test(String(whole.$schema)) ? ajv2020 : ajv;
  const check = engine!.compile(whole);
  const valid = samplesOf(whole).map((sample) => check(sample) === true);
  lines.push(JSON.stringify({ id, source, valid, schema }));
}
const parts = [...kept].map(([component, schema]) => JSON.stringify({ component, schema }));
writeFileSync(new URL('../../../bench/data/schemas.jsonl', import.meta.url), `${[...parts, ...lines].join('\n')}\n`);
