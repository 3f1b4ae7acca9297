import { readFileSync } from 'node:fs';
import { z } from 'zod/v4';
import type { Limits } from '../domain/limits/limits.ts';
import { LIMIT_VARIABLES, limitsFrom } from './limits.ts';

/** `PORT=80a` stops the process: a malformed value is never repaired. */
const Whole = (min: number, max: number, example: number) => {
  const range = `must be a whole number from ${min} to ${max}, for example ${example}`;
  return z
    .string()
    .regex(/^\d+$/, range)
    .transform(Number)
    .pipe(z.number({ error: range }).min(min, range).max(max, range));
};

const HOST = 'must be an address to listen on, for example 127.0.0.1';
const NAME = 'must have 1 to 200 characters, for example letsping-approvals';
const ANCHOR = 'must be the absolute path of a file, for example /var/lib/letsping/anchor.json';
const CODEC = 'must be the absolute path of a module, for example /etc/letsping/codec.mjs';
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const Environment = z.object({
  DATABASE_URL: z
    .string({
      error: 'is missing: the address of PostgreSQL, for example postgres://letsping:…@127.0.0.1:5432/letsping',
    })
    .regex(
      /^postgres(ql)?:\/\/./,
      'must be a postgres:// URL, for example postgres://letsping:…@127.0.0.1:5432/letsping',
    ),
  LETSPING_ROOT_KEY: z.string({
    error: 'is missing: 32 random bytes, base64, for example the output of `openssl rand -base64 32`',
  }),
  LETSPING_DRAIN_MS: Whole(0, 15_000, 5_000).optional(),
  LETSPING_METRICS_PORT: Whole(0, 65_534, 9464).default(0),
  LETSPING_METRICS_HOST: z.string().min(1, HOST).default('127.0.0.1'),
  LETSPING_HOST: z.string().min(1, HOST).default('127.0.0.1'),
  LETSPING_PORT: Whole(0, 65_535, 4400).default(4400),
  LETSPING_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be the address people use, for example https://approvals.example.com' })
    .optional(),
  LETSPING_DEV: z.enum(['0', '1']).default('0'),
  LETSPING_TASK_QUEUE: z.string().min(1, NAME).max(200, NAME).default('letsping-approvals'),
  LETSPING_UNSIGNED_SIGNALS: z.enum(['policy', 'never'], { error: 'must be policy or never' }).default('policy'),
  LETSPING_STATUS_HOLD_MS: Whole(0, 25_000, 20_000).default(20_000),
  LETSPING_TRUSTED_PROXIES: Whole(0, 10, 1).default(0),
  ...LIMIT_VARIABLES,
  LETSPING_ANCHOR_FILE: z.string().regex(/^\//, ANCHOR).max(4_096, ANCHOR).optional(),
  LETSPING_PAYLOAD_CODEC: z.string().regex(/^\//, CODEC).max(4_096, CODEC).optional(),
  LOG_LEVEL: z.enum(LEVELS, { error: `must be one of ${LEVELS.join(', ')}, for example info` }).default('info'),
});

/** Longer than a load balancer takes to see that `/readyz` fails. */
const DRAIN_MS = 5_000;
const isLoopback = (host: string) => /^(127\.|localhost$|::1$|\[::1\]$)/.test(host);

export interface Config {
  readonly database_url: string;
  /** Not parsed here: `crypto/root-key.ts` does. */
  readonly root_key: string;
  readonly host: string;
  readonly port: number;
  /** Base of links for people, and the expected Origin. No trailing slash. Default: the address listened on. */
  readonly public_url: string | undefined;
  /** Set by `letsping dev` for its own api: it asks for fewer reasons, and makes the same checks. */
  readonly dev: boolean;
  /** The Temporal task queue of the workflows. Deployments that share a namespace need different ones. */
  readonly task_queue: string;
  /** Whether a policy may accept unsigned Signals. False where every account of the machine reaches Temporal: `letsping dev`. */
  readonly unsigned_signals: boolean;
  readonly status_hold_ms: number;
  /** How many proxies in front add the caller's address to `X-Forwarded-For`. 0: the header is not read. */
  readonly trusted_proxies: number;
  readonly limits: Limits;
  /** At SIGTERM, the time between "not ready" and the end of listening. Default: 0 on loopback (no load balancer), else 5 s. */
  readonly drain_ms: number;
  /** Port of `/metrics`, `/livez` and `/readyz`; 0: not served. The worker also uses the next port, on loopback. */
  readonly metrics_port: number;
  readonly metrics_host: string;
  readonly log_level: string;
  /** Where the heads of the chains of administrative acts are kept outside the database. */
  readonly anchor_file: string | undefined;
  /** A module with the payload codecs of the namespace. */
  readonly payload_codec: string | undefined;
}

/** The environment is not valid. The message lists every wrong variable, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Variables that may be read from a file, so that the environment holds no secret: `NAME_FILE` is its path. */
export const SECRETS = ['DATABASE_URL', 'LETSPING_ROOT_KEY', 'LETSPING_APP_PASSWORD'] as const;

/** The environment with every `NAME_FILE` read into `NAME`. */
function withSecretFiles(env: NodeJS.ProcessEnv): { env: NodeJS.ProcessEnv; problems: string[] } {
  const read: NodeJS.ProcessEnv = { ...env };
  const problems: string[] = [];
  for (const name of SECRETS) {
    const file = env[`${name}_FILE`];
    if (!file) continue;
    if (env[name]) {
      problems.push(`${name} and ${name}_FILE are both set: keep one of them`);
      continue;
    }
    try {
      read[name] = readFileSync(file, 'utf8').trim();
      if (read[name] === '') problems.push(`${name}_FILE names ${file}, which is empty`);
    } catch (error) {
      problems.push(
        `${name}_FILE names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}): check the path, and that this user may read it`,
      );
    }
  }
  return { env: read, problems };
}

/** Read elsewhere: by the client, `dev`, `migrate` and the tests of a checkout. */
const READ_ELSEWHERE = [
  'LETSPING_ALLOW_REMOTE',
  'LETSPING_API_KEY',
  'LETSPING_APP_LOGIN',
  'LETSPING_BASE_URL',
  'LETSPING_CI',
  'LETSPING_DATA_DIR',
  'LETSPING_ENVIRONMENT',
  'LETSPING_PROJECT_ID',
];

/** Variables named `LETSPING_…` that nothing reads: a misspelt one would leave its setting, or a protection, off. */
export function unreadVariables(env: NodeJS.ProcessEnv): string[] {
  const read = new Set<string>([
    ...Object.keys(Environment.shape),
    ...SECRETS.flatMap((name) => [name, `${name}_FILE`]),
    ...READ_ELSEWHERE,
  ]);
  return Object.keys(env).filter((name) => name.startsWith('LETSPING_') && !read.has(name));
}

const refused = (problems: string[]) =>
  new ConfigError(['The configuration is not complete:', ...problems.map((problem) => `  ${problem}`)].join('\n'));

/**
 * One secret, from its variable or its file; undefined when neither is set.
 * @throws ConfigError
 */
export function secretFrom(env: NodeJS.ProcessEnv, name: (typeof SECRETS)[number]): string | undefined {
  const { env: read, problems } = withSecretFiles({ [name]: env[name], [`${name}_FILE`]: env[`${name}_FILE`] });
  if (problems.length > 0) throw refused(problems);
  return read[name] || undefined;
}

/**
 * Reads the environment once. Temporal's own variables (`TEMPORAL_*`) are read by `runtime/temporal/client.ts`.
 * @throws ConfigError that names each wrong variable and what it should be, with an example.
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const { env: given, problems } = withSecretFiles(env);
  const parsed = Environment.safeParse(given);
  const missing = parsed.success ? [] : parsed.error.issues.map((i) => `${i.path.join('.')} ${i.message}`);
  // A file that cannot be read is reported once, and not as a missing variable too.
  const all = [
    ...problems,
    ...missing.filter((line) => !problems.some((problem) => problem.startsWith(line.split(' ')[0]!))),
  ];
  if (!parsed.success || all.length > 0) throw refused(all);
  const e = parsed.data;
  return Object.freeze({
    database_url: e.DATABASE_URL,
    root_key: e.LETSPING_ROOT_KEY,
    host: e.LETSPING_HOST,
    port: e.LETSPING_PORT,
    public_url: e.LETSPING_PUBLIC_URL?.replace(/\/+$/, ''),
    dev: e.LETSPING_DEV === '1',
    task_queue: e.LETSPING_TASK_QUEUE,
    unsigned_signals: e.LETSPING_UNSIGNED_SIGNALS === 'policy',
    status_hold_ms: e.LETSPING_STATUS_HOLD_MS,
    trusted_proxies: e.LETSPING_TRUSTED_PROXIES,
    limits: limitsFrom(e),
    drain_ms: e.LETSPING_DRAIN_MS ?? (isLoopback(e.LETSPING_HOST) ? 0 : DRAIN_MS),
    metrics_port: e.LETSPING_METRICS_PORT,
    metrics_host: e.LETSPING_METRICS_HOST,
    log_level: e.LOG_LEVEL,
    anchor_file: e.LETSPING_ANCHOR_FILE,
    payload_codec: e.LETSPING_PAYLOAD_CODEC,
  });
}
