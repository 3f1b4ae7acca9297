import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { openDataDir, rememberPorts } from '../../cli/services/data-dir.ts';
import { type Postgres, startPostgres } from '../../cli/services/postgres.ts';
import { freePorts, type Program, startProgram } from '../helpers/program.ts';

const ROOT = join(import.meta.dirname, '../..');
const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');

interface Service {
  image: string;
  user: string;
  command?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  ports?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  privileged?: boolean;
  volumes?: string[];
  restart?: string;
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
}
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
};
const services = Object.entries(compose.services);

test('every container is not root, read-only, without capabilities, of a named release; only the APIs are published, on loopback', () => {
  for (const [name, service] of services) {
    expect(Number(service.user.split(':')[0]), name).toBeGreaterThan(0);
    expect(service, name).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(service.privileged, name).toBeUndefined();
    expect(service.image, name).toMatch(/:[^:]+$/);
    expect(service.image, name).not.toMatch(/:latest$/);
    if (service.restart !== 'no') expect(service.healthcheck?.test[0], name).toBe('CMD');
    for (const port of service.ports ?? []) expect(port, name).toMatch(/^127\.0\.0\.1:/);
    for (const secret of service.secrets ?? []) expect(compose.secrets, name).toHaveProperty(secret);
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD|ROOT_KEY|DATABASE_URL|SECRET/.test(variable))
        expect(value, `${name} ${variable}`).toMatch(/^\/run\/secrets\/[a-z_]+$/);
    }
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(condition, `${name} → ${needed}`).toBe(
        compose.services[needed]!.restart === 'no' ? 'service_completed_successfully' : 'service_healthy',
      );
    }
  }
  expect(services.filter(([, { ports }]) => ports).map(([name]) => name)).toEqual(['api-1', 'api-2']);
  for (const [name, { image, environment, volumes }] of services)
    expect(volumes?.some((volume) => volume.startsWith('anchor:')) ?? false, name).toBe(
      image.startsWith('letsping-temporal:') &&
        environment?.['LETSPING_ANCHOR_FILE'] === '/var/lib/letsping/anchor.json',
    );
  expect(services.filter(([, { secrets }]) => secrets?.includes('owner_database_url')).map(([name]) => name)).toEqual([
    'migrate',
  ]);
});

test('the image has a named base release with glibc, two stages, no root, a health check, and no build dependencies', () => {
  const lines = dockerfile
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  const froms = lines.filter((line) => line.startsWith('FROM '));
  expect(froms).toEqual(['FROM node:24-bookworm-slim AS build', 'FROM node:24-bookworm-slim']);
  const last = lines.slice(lines.lastIndexOf(froms[1]!));
  expect(last.find((line) => line.startsWith('USER '))).toBe('USER 10001:10001');
  expect(last.findIndex((line) => line.startsWith('USER '))).toBeGreaterThan(
    last.findLastIndex((line) => line.startsWith('COPY ')),
  );
  expect(last.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true);
  expect(last.filter((line) => line.startsWith('COPY ')).every((line) => line.includes('--from=build'))).toBe(true);
  expect(lines.some((line) => line.includes('npm ci --ignore-scripts'))).toBe(true);
  expect(lines.some((line) => line.includes('npm prune --omit=dev'))).toBe(true);
  expect(lines.some((line) => /^ADD |curl|wget|sudo/.test(line))).toBe(false);
  const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
  for (const name of ['.git', 'secrets', '**/node_modules', '.letsping']) expect(ignored).toContain(name);
  expect(readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n')).toContain('secrets/');
});

const reader = ['docker-compose', 'docker'].find(
  (program) => spawnSync(program, program === 'docker' ? ['compose', 'version'] : ['version']).status === 0,
);
if (!reader && process.env['LETSPING_CI'] === '1') throw new Error('docker-compose is missing: .ci/run installs it');
if (!reader) process.stderr.write('skipped 1 test: docker-compose is not installed\n');
test.skipIf(!reader)('docker compose reads the file', () => {
  const args = reader === 'docker' ? ['compose', 'config'] : ['config'];
  const read = execFileSync(reader!, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LETSPING_SECRETS: secrets },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(Object.keys((parse(read) as { services: object }).services).sort()).toEqual(
    Object.keys(compose.services).sort(),
  );
});

const temporal = inject('temporalBinary');
test.skipIf(!temporal)('the namespace is created once, and exists the second time', () => {
  const namespace = `compose-${randomBytes(6).toString('hex')}`;
  const env = {
    PATH: `${dirname(temporal)}:/usr/bin:/bin`,
    HOME: dir,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace,
  };
  for (const again of [false, true]) {
    const { status, stdout, stderr } = spawnSync('/bin/sh', [join(ROOT, 'deploy/temporal/namespace.sh')], {
      env,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    expect(stdout.includes('registered'), stdout).toBe(!again);
  }
  const described = execFileSync(temporal, ['operator', 'namespace', 'describe', '--namespace', namespace], {
    env,
    encoding: 'utf8',
  });
  expect(described).toMatch(/RetentionTtl\s+(168h|7d)/i);
});

let dir: string;
let secrets: string;
let postgres: Postgres;
const programs: Program[] = [];
const secret = (name: string) => readFileSync(join(secrets, name), 'utf8').trim();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'letsping-compose-'));
  chmodSync(dir, 0o755);
  secrets = join(dir, 'secrets');
  execFileSync(join(ROOT, 'deploy/make-secrets.sh'), [secrets], { stdio: 'ignore' });
  const dataDir = openDataDir({ LETSPING_DATA_DIR: join(dir, 'data') });
  rememberPorts(dataDir, { postgres: await freePorts() });
  // A separate server, because the roles have the names of a deployment.
  postgres = await startPostgres({ env: {}, dataDir, progress: () => {}, throwaway: true });
});
afterAll(async () => {
  for (const program of programs) program.kill('SIGKILL');
  await Promise.all(programs.map(({ exit }) => exit));
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Runs `init.sql` as psql does: secrets from files as quoted values, then the statements one by one. */
async function runInit() {
  const values = new Map<string, string>();
  const script = readFileSync(join(ROOT, 'deploy/postgres/init.sql'), 'utf8')
    .replaceAll(/^\\set (\w+) `cat \/run\/secrets\/(\w+)`$/gm, (_line, name: string, file: string) => {
      values.set(name, secret(file));
      return '';
    })
    .replaceAll(/^--.*$/gm, '')
    .replaceAll(/:'(\w+)'/g, (_use, name: string) => pg.escapeLiteral(values.get(name)!));
  const url = new URL(postgres.url);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query('drop database letsping'); // a local server has created it already
  for (const statement of script.split(';').filter((part) => part.trim())) await client.query(statement);
  await client.end();
}

/** The environment of a service of the file, with addresses of this machine instead of the containers'. */
function environmentOf(name: string, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const given = Object.entries(compose.services[name]!.environment ?? {}).map(([variable, value]) => [
    variable,
    String(value)
      .replace(/\$\{\w+:-([^}]*)\}/g, '$1')
      .replace(/^\/run\/secrets/, secrets)
      .replace(/^\/var\/lib\/letsping/, dir)
      .replace(/^0\.0\.0\.0$/, '127.0.0.1')
      .replace(/^temporal:7233$/, inject('temporalAddress')),
  ]);
  return { PATH: process.env['PATH'], HOME: dir, ...Object.fromEntries(given), ...extra };
}

const start = (name: string, extra: NodeJS.ProcessEnv = {}) => {
  const program = startProgram(compose.services[name]!.command!, environmentOf(name, extra));
  programs.push(program);
  return program;
};

test('the same commands and environment, as processes: migrate, become ready and healthy, and decide one request', async () => {
  await runInit();
  expect(statSync(secrets).mode & 0o777).toBe(0o700);
  for (const name of ['owner_database_url', 'app_database_url']) {
    const url = new URL(secret(name));
    expect(url.host).toBe('postgres:5432');
    url.host = new URL(postgres.url).host;
    rmSync(join(secrets, name));
    writeFileSync(join(secrets, name), url.href);
  }

  const migrated = start('migrate');
  expect(await migrated.exit, migrated.output()).toMatchObject({ code: 0 });
  expect(migrated.output()).toContain('letsping_service may log in');
  const again = start('migrate');
  expect(await again.exit, again.output()).toMatchObject({ code: 0 });
  const first = startProgram(['migrate', '--first-project', 'acme', '--json'], environmentOf('migrate'));
  expect((await first.exit).code, first.output()).toBe(0);
  const { project } = JSON.parse(
    first
      .output()
      .split('\n')
      .find((line) => line.startsWith('{'))!,
  ) as { project: Record<string, string> };
  expect(Object.keys(JSON.parse(readFileSync(join(dir, 'anchor.json'), 'utf8')).projects)).toEqual([
    project['project_id'],
  ]);

  const shared = {
    LETSPING_TASK_QUEUE: `compose-${randomBytes(6).toString('hex')}`,
    TEMPORAL_NAMESPACE: inject('temporalNamespace'),
  };
  const base = await freePorts(8);
  const ports = { 'api-1': base, 'api-2': base + 1 };
  const health = new Map<string, string>();
  for (const [i, name] of (['api-1', 'api-2', 'worker-1', 'worker-2'] as const).entries()) {
    const isApi = name === 'api-1' || name === 'api-2';
    const metrics = base + 2 + (isApi ? i : 2 * i - 2);
    const [http, url] = isApi
      ? [ports[name], environmentOf(name)['LETSPING_HEALTH_URL']!.replace(':4400/', `:${ports[name]}/`)]
      : [0, environmentOf(name)['LETSPING_HEALTH_URL']!.replace(':9464/', `:${metrics}/`)];
    health.set(name, url);
    const program = start(name, {
      ...shared,
      LETSPING_PORT: String(http),
      LETSPING_METRICS_PORT: String(metrics),
      LETSPING_HEALTH_URL: url,
      ...(isApi && { LETSPING_PUBLIC_URL: `http://127.0.0.1:${http}` }),
    });
    await program.says(isApi ? 'api ready' : 'worker ready');
  }
  for (const [name, url] of health) {
    const [, ...check] = compose.services[name]!.healthcheck!.test;
    expect(
      spawnSync(check[0]!, check.slice(1), { env: { PATH: process.env['PATH'], LETSPING_HEALTH_URL: url } }).status,
      name,
    ).toBe(0);
  }

  const call = async (port: number, key: string, path: string, body?: unknown) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, any> };
  };
  const opened = await call(ports['api-1'], project['agent_api_key']!, '/api/ingest', {
    service: 'billing',
    action: 'refund',
    payload: { amount: 10 },
  });
  expect(opened.status).toBe(201);
  const decided = await call(
    ports['api-2'],
    project['approver_api_key']!,
    `/api/approval-requests/${opened.body['id']}/decisions`,
    { type: 'approve', payload_digest: opened.body['payload_digest'] },
  );
  expect(decided).toMatchObject({ status: 201, body: { outcome: { status: 'approved', cause: 'person' } } });
  expect(
    (await call(ports['api-1'], project['agent_api_key']!, `/api/status/${opened.body['id']}`)).body,
  ).toMatchObject({ status: 'APPROVED' });

  const doctor = startProgram(['doctor', '--json'], {
    ...environmentOf('api-1'),
    ...shared,
    LETSPING_PORT: '0',
    LETSPING_METRICS_PORT: '0',
  });
  expect((await doctor.exit).code, doctor.output()).toBe(0);

  const running = programs.filter(({ child }) => child.exitCode === null);
  expect(running).toHaveLength(4);
  for (const program of running) program.kill('SIGTERM');
  for (const program of running) expect(await program.exit).toEqual({ code: 0, signal: null });
}, 120_000);
